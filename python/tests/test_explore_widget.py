"""`mc.explore`: the page as a widget, alone and in a real JupyterLab."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from anywidget import AnyWidget
from playwright.sync_api import expect, sync_playwright

import maclaurin as mc

CHROMIUM = shutil.which("chromium")
TIMEOUT = 60_000


def test_the_widget_answers_the_page(monkeypatch):
    widget = mc.explore("sin(a*x)", order=6, at="pi/6", on=(-2, 2), a=3)
    assert isinstance(widget, AnyWidget)
    assert widget.state == {"f": "sin(a*x)", "p": {"a": "3"}, "at": "pi/6", "order": 6, "lo": -2.0, "hi": 2.0}
    sent = []
    monkeypatch.setattr(widget, "send", lambda message, buffers: sent.append((message, buffers)))
    question = {"ask": "coefficients", "expression": "exp(x)", "order": 2}
    widget._handle_custom_msg({"id": 7, "question": json.dumps(question)}, [])
    ((message, buffers),) = sent
    assert message["id"] == 7 and buffers is None
    assert json.loads(message["answer"])["text"] == "1 + x + x^2/2"
    question = {"ask": "array", "expression": "exp(x)", "order": 1, "width": 1, "height": 1, "channels": 1}
    widget._handle_custom_msg({"id": 8, "question": json.dumps(question)}, [memoryview(b"\xff")])
    assert sent[1][1][0].startswith(b"\x93NUMPY")
    for message in [{"id": 9}, {"id": 9, "question": "{}", "more": 1}]:
        widget._handle_custom_msg(message, [])
    assert len(sent) == 2
    function = mc.Function("sin(k*x)", k=2)
    assert mc.explore(function).state["p"] == {"k": "2"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"function": 5}, TypeError),
        ({"function": abs}, TypeError),
        ({"order": -1}, ValueError),
        ({"order": 101}, ValueError),
        ({"on": (1, -1)}, ValueError),
        ({"on": (0, math.inf)}, ValueError),
    ],
)
def test_what_the_page_cannot_show_is_refused(options, error):
    with pytest.raises(error, match=r"must be|empty or not finite"):
        mc.explore(**options)


def test_questions_are_taken_back(monkeypatch):
    from maclaurin.widget import _Questions

    widget = mc.explore()
    # No kernel of Jupyter: answered in turn.
    assert widget.cancels is False
    sent = []
    monkeypatch.setattr(widget, "send", lambda message, buffers: sent.append(message))
    questions = _Questions(threaded=True)
    long = " + ".join(f"exp(sin(exp({k}*x + sqrt({k}))))" for k in range(1, 300))
    long = {"ask": "coefficients", "expression": long, "at": "sqrt(2)", "order": 100}
    for number in range(4):
        questions(widget, {"id": number, "question": json.dumps(long)}, [])
    short = {"ask": "coefficients", "expression": "exp(x)", "order": 2}
    questions(widget, {"id": 4, "question": json.dumps(short)}, [])
    for number in [0, 1, 2, 3, 3, 99, [], None]:
        questions(widget, {"cancel": number}, [])
    while questions.stops:
        time.sleep(0.01)
    (message,) = sent
    assert message["id"] == 4 and "x^2/2" in message["answer"]


def test_without_anywidget_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r"pip install anywidget"):
        mc.explore()


@pytest.fixture
def lab(tmp_path):
    """A running JupyterLab with a notebook of one cell: its address."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None,
            "source": 'import maclaurin as mc\nw = mc.explore("softplus", order=5)\nw'}  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}
    (tmp_path / "explore.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    places = {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
              "JUPYTER_RUNTIME_DIR": str(tmp_path / "run"),
              "PYTHONPATH": str(Path(mc.__file__).parents[1])}  # fmt: skip
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, **places}, stderr=subprocess.PIPE, text=True
    ) as server:
        for line in server.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+/lab\?token=\w+", line):
                # Its pipe must not fill.
                subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
                yield found[0].replace("/lab?", "/lab/tree/explore.ipynb?")
                break
        server.terminate()


def test_the_widget_in_jupyterlab(lab):
    if not CHROMIUM:
        (pytest.fail if "CI" in os.environ else pytest.skip)("chromium is not there")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(TIMEOUT)
        said = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(lab)
        # JupyterLab drops a cell that is run while it still connects to its kernel.
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=TIMEOUT)
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(".maclaurin-explore .main .function[d]", state="attached")
        expect(page.locator(".maclaurin-explore .series")).to_contain_text("log(2) + x/2 + x^2/8")
        expect(page.locator(".maclaurin-explore .figure")).to_have_count(4)
        page.get_by_role("slider", name="order", exact=True).focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".maclaurin-explore .bound-text")).to_contain_text("order 6 ")
        page.get_by_label("picture", exact=True).set_input_files(
            Path(__file__).parents[2] / "examples" / "pictures" / "moon.png"
        )
        expect(page.locator(".maclaurin-explore .needed")).to_contain_text("smallest that stays")
        if "EXPLORE_SHOT" in os.environ:
            page.locator(".maclaurin-explore").scroll_into_view_if_needed()
            page.screenshot(path=os.environ["EXPLORE_SHOT"])
        # The kernel knows what is shown.
        page.locator(".jp-Notebook .jp-Cell").last.locator(".cm-content").click()
        page.keyboard.type('print("order is", w.state["order"])')
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".jp-OutputArea-output pre").last).to_contain_text("order is 6")
        assert said == []
        browser.close()
