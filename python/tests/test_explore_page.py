"""The page of `maclaurin explore` in a real browser: Debian's Chromium, driven by Playwright."""

import os
import random
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

import maclaurin as mc

ROOT = Path(__file__).parents[2]
COMMAND = ROOT / "target" / "debug" / "maclaurin"
CHROMIUM = shutil.which("chromium")
PICTURES = ROOT / "examples" / "pictures"
#: EXPLORE_INTERACTIONS=1000 for the long run; EXPLORE_DRAW=1 draws the pictures of docs/pictures anew.
INTERACTIONS = int(os.environ.get("EXPLORE_INTERACTIONS", "50"))
DRAW = "EXPLORE_DRAW" in os.environ
TIMEOUT = 20_000
#: Nothing to be read on a plot yet.
FUNCTION = ".main .function[d]"


@pytest.fixture(scope="module")
def address():
    for tool, there in [("target/debug/maclaurin", COMMAND.exists()), ("chromium", CHROMIUM)]:
        if not there:
            (pytest.fail if "CI" in os.environ else pytest.skip)(f"{tool} is not there")
    command = [COMMAND, "explore", "log(1 + exp(x))", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Opens the page, with a width, a theme and an address; it must say nothing in the console."""
    said = []
    contexts = []

    def opened(width=1280, height=900, theme="light", to=address, **more) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(to)
        page.wait_for_selector(FUNCTION, state="attached")
        page.wait_for_selector(".disc, .radius-text:not(:empty)", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def expression(page):
    return page.get_by_role("combobox", name="function of x")


def hash_of(page):
    page.wait_for_timeout(250)
    return page.evaluate("location.hash")


def settle(page):
    """Waits until nothing is worked on."""
    page.wait_for_timeout(200)
    page.wait_for_function("() => !document.querySelector('.busy')")


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    for i in range(1, 11):
        page.mouse.move(*(a + (b - a) * i / 10 for a, b in zip(start, end)))
    page.mouse.up()


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_typing_completes_names_and_marks_what_is_wrong(open_page):
    page = open_page()
    field = expression(page)
    field.fill("1 + sofplus(x)")
    status = page.locator(".message")
    expect(status).to_contain_text("unknown function `sofplus`; did you mean `softplus`?")
    assert page.locator(".marks").inner_text() == "    ^^^^^^^"
    # The caret is under the first wrong letter.
    letter = page.evaluate(
        """() => {
            const input = document.querySelector('.expression'), marks = document.querySelector('.marks');
            const style = getComputedStyle(input), start = input.getBoundingClientRect().left;
            return [start + parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth),
                    marks.getBoundingClientRect().left];
        }"""
    )
    assert abs(letter[0] - letter[1]) < 1.5
    field.fill("")
    field.press_sequentially("2*sof")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("softplus")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", re.compile("-0$"))
    field.press("Enter")
    expect(field).to_have_value(re.compile(r"^2\*soft\w+\(x\)$"))
    expect(page.locator(".message")).to_be_hidden()
    expect(options.first).to_be_hidden()


def test_parameters_become_sliders(open_page):
    page = open_page()
    expression(page).fill("sin(a*x)")
    slider = page.get_by_role("slider", name="parameter a")
    expect(slider).to_have_value("1")
    before = page.locator(FUNCTION).first.get_attribute("d")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.get_by_role("textbox", name="value of a")).to_have_value("1.1")
    page.wait_for_function("d => document.querySelector('.main .function').getAttribute('d') !== d", arg=before)
    assert "p.a=1.1" in hash_of(page)
    expression(page).fill("erlang_cdf(x, k, rate)")
    page.get_by_role("button", name="make rate a parameter").click()
    expect(page.get_by_role("slider", name="parameter rate")).to_be_visible()
    expect(page.locator(".message")).to_be_hidden()


def test_the_point_and_the_range_are_dragged_undone_and_in_the_address(open_page):
    page = open_page()
    point = page.locator(".main .point")
    start = middle(point)
    drag(page, start, (start[0] + 120, start[1]))
    at = page.get_by_role("textbox", name="expansion point")
    moved = float(at.input_value())
    assert 0.5 < moved < 3
    first = hash_of(page)
    assert f"at={at.input_value()}" in first
    box = page.locator("svg.main").bounding_box()
    drag(page, (box["x"] + 300, box["y"] + 40), (box["x"] + 200, box["y"] + 40))
    low = page.get_by_role("textbox", name="lower end of the range")
    assert -5 < float(low.input_value()) < 0
    page.keyboard.press("Control+z")
    expect(low).to_have_value("-5")
    page.get_by_role("button", name="undo").click()
    expect(at).to_have_value("0")
    page.keyboard.press("Control+Shift+z")
    expect(at).to_have_value(str(moved).removesuffix(".0"))
    settle(page)
    shown = page.locator(".series").inner_text()
    other = open_page(to=page.url)
    settle(other)
    assert other.locator(".series").inner_text() == shown
    assert other.locator(FUNCTION).get_attribute("d") == page.locator(FUNCTION).get_attribute("d")


def test_the_keyboard_alone_suffices(open_page):
    page = open_page()
    reached = set()
    page.keyboard.press("Tab")
    for _ in range(100):
        name = page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")
        if "picture" in reached and name == "function of x":
            break
        reached.add(name)
        if name == "expansion point" and page.evaluate("document.activeElement.tagName") == "g":
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Shift+ArrowRight")
        if name == "order":
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
    wanted = {"function of x", "order", "expansion point", "lower end of the range", "download SVG", "copy as LaTeX",
              "Source code", "picture"}  # fmt: skip
    assert wanted <= reached
    expect(page.get_by_role("textbox", name="expansion point")).to_have_value("1.1")
    assert "order=5" in hash_of(page)


def test_the_engines_numbers_are_shown(open_page):
    page = open_page()
    settle(page)
    assert page.locator(".series").inner_text() == "log(2) + x/2 + x^2/8 - x^4/192"
    expect(page.locator(".radius-text")).to_contain_text("pi = 3.14159")
    assert page.locator(".singular").count() == 2
    # From the singularities to the right, and its mirror image.
    expect(page.locator(".cut")).to_have_attribute("d", re.compile("L.*L.*L"))
    expect(page.get_by_text("branch cuts of principal values")).to_be_visible()
    expression(page).fill("exp(x)")
    expect(page.locator(".cut")).to_have_count(0)
    expect(page.get_by_text("branch cuts of principal values")).to_be_hidden()
    expression(page).fill("log(1 + exp(x))")
    expect(page.locator(".cut")).to_have_count(1)
    expect(page.locator(".figure")).to_have_count(4)
    cards = page.locator(".card")
    certified = mc.approximate("log(1 + exp(x))", degree=4, on=(-5, 5)).error
    assert float(cards.nth(2).locator(".figure").inner_text()) == pytest.approx(float(certified), rel=2e-3)
    page.get_by_text("Source code").click()
    page.get_by_role("combobox", name="language").select_option("rust")
    expect(page.locator("pre.scroll")).to_contain_text("pub fn taylor(x: f64) -> f64")
    page.get_by_role("combobox", name="polynomial").select_option("minimax")
    expect(page.locator("pre.scroll")).not_to_contain_text("pub fn taylor")
    # No series there, but the function is still seen, and what to do.
    expression(page).fill("log(x)")
    expect(page.locator(".message")).to_contain_text("log1p")
    expect(page.locator(FUNCTION)).to_have_count(1)
    page.get_by_role("textbox", name="expansion point").fill("1")
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_be_hidden()


def test_a_picture_is_expanded_and_linked(open_page, tmp_path):
    page = open_page()
    page.get_by_label("picture", exact=True).set_input_files(PICTURES / "chelsea.png")
    expect(page.locator(".needed")).to_contain_text(
        "order 4 at exactly its 216 values; order 4 everywhere on 0 to 0.906"
    )
    assert page.locator(".tiles canvas").count() == 9
    assert page.locator(".bars").count() == 3
    picture = page.get_by_role("img", name="the picture; arrow keys")
    picture.scroll_into_view_if_needed()
    picture.hover()
    expect(page.locator(".reading")).to_contain_text("red 0.")
    assert page.locator(".main .mark").count() == 3
    picture.focus()
    before = page.locator(".reading").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".reading").inner_text() != before
    tolerance = page.get_by_role("textbox", name="tolerance")
    tolerance.fill("1e-6")
    tolerance.press("Enter")
    expect(page.locator(".needed")).to_contain_text(re.compile("order 10 at|order [89] at|order 1[0-9] at"))
    with page.expect_download() as given:
        page.get_by_role("button", name="download .npy").click()
    given.value.save_as(tmp_path / "chelsea.npy")
    from PIL import Image

    pixels = np.asarray(Image.open(PICTURES / "chelsea.png").convert("RGB"))
    expected = mc.expand(pixels, mc.taylor("log(1 + exp(x))", order=4), scale=1 / 255)
    assert np.array_equal(np.load(tmp_path / "chelsea.npy"), expected)
    with page.expect_download() as given:
        page.get_by_role("button", name="download the sheet").click()
    given.value.save_as(tmp_path / "sheet.png")
    assert Image.open(tmp_path / "sheet.png").width > 1000
    with page.expect_download() as given:
        page.get_by_role("button", name="download SVG").click()
    given.value.save_as(tmp_path / "plot.svg")
    assert ElementTree.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")
    # Outside the plot's range the picture is dimmed.
    pixels = "document.querySelector('.original').getContext('2d').getImageData(0, 0, 451, 300).data"
    alpha = f"{pixels}.filter((v, i) => i % 4 == 3 && v < 255).length"
    assert page.evaluate(alpha) == 0
    page.get_by_role("textbox", name="lower end of the range").fill("0.5")
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => {alpha} > 1000")
    # A gray picture has one channel; a file that is none says so.
    page.get_by_label("picture", exact=True).set_input_files(PICTURES / "moon.png")
    expect(page.locator(".bars")).to_have_count(1)
    page.get_by_label("picture", exact=True).set_input_files(PICTURES / "README.md")
    expect(page.get_by_text("the browser cannot read this file as a picture")).to_be_visible()


def test_long_work_shows_a_spinner_and_stale_questions_are_dropped(open_page, address):
    page = open_page()
    settle(page)
    aborted = []
    page.on("requestfailed", lambda request: aborted.append(request.failure))

    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 500, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    order = page.get_by_role("slider", name="order", exact=True)
    order.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    spinner = page.locator(".busy .spinner").first
    expect(spinner).to_have_css("opacity", "1")
    network.send("Network.emulateNetworkConditions", {**slow, "latency": 0})
    settle(page)
    expect(page.locator(".bound-text").first).to_contain_text("order 10 ")
    assert aborted


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_it_is_accessible_and_fits(open_page, width, theme):
    page = open_page(width=width, theme=theme)
    page.get_by_label("picture", exact=True).set_input_files(PICTURES / "chelsea.png")
    page.get_by_text("Source code").click()
    expect(page.locator(".tiles canvas")).to_have_count(9)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    result = Axe().run(page)
    found = [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in result.response["violations"]]
    assert found == []


def test_themes_are_chosen(open_page):
    page = open_page()
    ground = "getComputedStyle(document.querySelector('.panel')).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="dark or light").click()
    assert page.evaluate(ground) != light
    assert "theme=dark" in hash_of(page)
    page.get_by_role("button", name="dark or light").click()
    assert page.evaluate(ground) == light


EXPRESSIONS = ["sin(a*x)/x", "1/(1 + x^2)", "log(x)", "gelu", "tan(x", "x^k", "erlang_cdf(x, k, rate)", "", "1/x",
               "abs(x)", "\u03c0 x", "exp(exp(x))", "sqrt(1 - x)", "<b>x</b>", "x" * 300, "gamma(x + 1)",
               "softplus"]  # fmt: skip


def test_random_interactions_say_nothing_in_the_console(open_page):
    page = open_page()
    choose = random.Random(7)
    plot = page.locator("svg.main")

    def typed():
        expression(page).fill(choose.choice(EXPRESSIONS))

    def filled():
        name = choose.choice(["expansion point", "lower end of the range", "upper end of the range"])
        page.get_by_role("textbox", name=name).fill(choose.choice(["0", "1", "-2", "pi/3", "1e9", "x", "", "0.5"]))
        page.keyboard.press("Enter")

    def dragged():
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        place = lambda: (box["x"] + choose.random() * box["width"], box["y"] + choose.random() * box["height"])  # noqa: E731
        drag(page, place(), place())

    def ordered():
        page.get_by_role("spinbutton").fill(str(choose.choice([0, 1, 2, 3, 5, 8, 13, 21])))

    # Elements come and go with answers: one is chosen and used at once.
    def clicked():
        page.evaluate(
            """k => {
                const buttons = [...document.querySelectorAll('button')];
                const fit = buttons.filter((one) => one.checkVisibility() && !one.textContent.includes('download'));
                fit[k % fit.length].click();
            }""",
            choose.randrange(1000),
        )

    def zoomed():
        plot.focus()
        page.keyboard.press(choose.choice(["+", "-", "ArrowLeft", "ArrowRight"]))

    def slid():
        sliders = "document.querySelectorAll('[type=range], [role=slider]')"
        focus = f"k => {{ const all = {sliders}; all[k % all.length].focus(); }}"
        page.evaluate(focus, choose.randrange(1000))
        page.keyboard.press(choose.choice(["ArrowLeft", "ArrowRight", "PageUp", "Home", "End"]))

    def pictured():
        page.get_by_label("picture", exact=True).set_input_files(PICTURES / choose.choice(["chelsea.png", "moon.png"]))

    def undone():
        page.keyboard.press("Control+z")

    actions = [typed, filled, dragged, ordered, clicked, zoomed, slid, undone, pictured]
    for _ in range(INTERACTIONS):
        choose.choice(actions)()
    expression(page).fill("exp(x)")
    page.get_by_role("textbox", name="expansion point").fill("0")
    page.keyboard.press("Enter")
    page.get_by_role("spinbutton").fill("3")
    expect(page.locator(".series")).to_have_text("1 + x + x^2/2 + x^3/6")


@pytest.mark.parametrize(
    "state", ["p=abc&p.a=2&f=a*x", "on=1e11:100000000000.00001", "on=1e9:1000000003&at=1e9", "lo=1&hi=x"]
)
def test_addresses_that_make_no_sense(open_page, address, state):
    page = open_page(to=f"{address.split('#')[0]}#f=exp(x%2F1e9)&{state}")
    expect(page.locator(".main .grid text").first).to_be_visible()


@pytest.mark.skipif(not DRAW, reason="draws the pictures of the guide: EXPLORE_DRAW=1")
def test_draw_the_pictures_of_the_guide(open_page, tmp_path):
    from PIL import Image

    folder = ROOT / "docs" / "pictures"

    def kept(page, name, **more):
        page.screenshot(path=tmp_path / "shot.png", **more)
        Image.open(tmp_path / "shot.png").convert("RGB").save(folder / name, optimize=True)
        assert (folder / name).stat().st_size < 150_000

    state = "orders=1+2+4&order=8&on=-4.5%3A4.5"
    for name, width, height, theme in [
        ("explore.png", 1280, 800, "light"), ("explore-dark.png", 1280, 800, "dark"),
        ("explore-narrow.png", 375, 800, "light"),
    ]:  # fmt: skip
        page = open_page(width=width, height=height, theme=theme)
        page.evaluate(f"location.hash += '&{state}'")
        settle(page)
        kept(page, name)
    page = open_page(width=1100, height=900)
    page.get_by_label("picture", exact=True).set_input_files(PICTURES / "chelsea.png")
    settle(page)
    page.get_by_role("img", name="the picture; arrow keys").hover()
    panel = page.locator(".maclaurin-explore > .panel")
    panel.screenshot(path=tmp_path / "shot.png")
    picture = Image.open(tmp_path / "shot.png").convert("RGB")
    picture = picture.resize((picture.width * 7 // 10, picture.height * 7 // 10), Image.Resampling.LANCZOS)
    picture.quantize(96, Image.Quantize.MAXCOVERAGE).save(folder / "explore-picture.png", optimize=True)
    assert (folder / "explore-picture.png").stat().st_size < 150_000
    frames = []

    def frame(count=1):
        page.wait_for_timeout(90)
        page.screenshot(path=tmp_path / "frame.png")
        shot = Image.open(tmp_path / "frame.png").convert("RGB").resize((800, 512), Image.Resampling.LANCZOS)
        frames.extend([shot] * count)

    page = open_page(width=1000, height=640)
    settle(page)
    frame(4)
    page.get_by_role("slider", name="order", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        frame(2)
    start = middle(page.locator(".main .point"))
    page.mouse.move(*start)
    page.mouse.down()
    for i in range(24):
        page.mouse.move(start[0] + 150 * np.sin(i / 24 * 2 * np.pi), start[1])
        frame()
    page.mouse.up()
    expression(page).fill("")
    for letter in "tanh(a*x)":
        expression(page).press_sequentially(letter)
        frame()
    slider = page.get_by_role("slider", name="parameter a")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        frame()
    frame(6)
    # One palette for all frames, so that what does not move is stored once.
    width, height = frames[0].size
    some = Image.new("RGB", (width, 3 * height))
    for i, index in enumerate([0, len(frames) // 2, -1]):
        some.paste(frames[index], (0, i * height))
    palette = some.quantize(64, Image.Quantize.MAXCOVERAGE)
    frames = [shot.quantize(palette=palette, dither=Image.Dither.NONE) for shot in frames]
    frames[0].save(folder / "explore.gif", save_all=True, append_images=frames[1:], duration=140, loop=0, optimize=True)
    assert (folder / "explore.gif").stat().st_size < 1_000_000
