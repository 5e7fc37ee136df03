"""Gradients of expansions by PyTorch's automatic differentiation, in double precision.

Run once, by hand, with torch 2.15: python gradients.py > gradients.json

Each case: kind, axis, scale, shift, center, coefficients, degrees (all from 1, or listed), the
values, the gradient of the output, a direction; then what comes back: the gradient of the values,
of the coefficients, and the forward derivative along the direction.
"""

import json
import random

import torch

torch.set_default_dtype(torch.float64)


def expand(x, a, case):
    t = case["scale"] * x + case["shift"] - case["center"]
    rows = []
    for k in case["degrees"]:
        power = torch.ones_like(t)
        for _ in range(k):
            power = power * t
        if case["kind"] == "powers":
            rows.append(power)
        elif case["kind"] == "terms":
            rows.append(a[k] * power)
        else:
            sum_, power = torch.zeros_like(t), torch.ones_like(t)
            for j in range(k + 1):
                sum_ = sum_ + a[j] * power
                power = power * t
            rows.append(sum_)
    if case["kind"] == "sum":
        return rows[-1]
    return torch.stack(rows, case["axis"])


def main():
    random.seed(5)
    cases = []
    for number in range(48):
        kind = ["powers", "terms", "partial_sums", "sum"][number % 4]
        order = random.choice([1, 2, 3, 4, 6, 9])
        degrees = sorted(random.sample(range(1, order + 1), random.randint(1, order)))
        if kind == "sum":
            degrees = [order]
        case = {
            "kind": kind, "axis": random.choice([0, 1, 2]), "scale": random.choice([1.0, 0.5, -2.0]),
            "shift": random.choice([0.0, 0.25]), "center": random.choice([0.0, -0.5]),
            "coefficients": [random.uniform(-1, 1) for _ in range(order + 1)], "degrees": degrees,
        }
        shape = (random.randint(1, 5), random.randint(1, 40))
        x = torch.tensor([[random.uniform(-1, 1) for _ in range(shape[1])] for _ in range(shape[0])],
                         requires_grad=True)
        a = torch.tensor(case["coefficients"], requires_grad=True)
        y = expand(x, a, case)
        gradient = torch.rand_like(y) - 0.5
        y.backward(gradient)
        direction = torch.rand_like(x) - 0.5
        _, along = torch.func.jvp(lambda x: expand(x, a.detach(), case), (x.detach(),), (direction,))
        case |= {
            "shape": shape, "x": x.detach().flatten().tolist(),
            "gradient": gradient.flatten().tolist(), "direction": direction.flatten().tolist(),
            "values": x.grad.flatten().tolist(),
            "sums": (a.grad if a.grad is not None else torch.zeros_like(a)).tolist(),
            "along": along.flatten().tolist(),
        }
        cases.append(case)
    print(json.dumps({"torch": torch.__version__, "cases": cases}))


main()
