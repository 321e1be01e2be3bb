#!/usr/bin/env python3
"""Prints the lines of tests/Tensor.Tests/NonFiniteTests.cs: what PyTorch's elementwise functions and their gradients give for special floats.

    python3 make_nonfinite.py         needs torch (made with torch 1.13.1, CPU)

A letter for each input in order: n NaN, + infinity, - minus infinity, 0 a zero or a denormal number, f any other number.
"""
import torch
import torch.nn.functional as F

nan, inf, top = float("nan"), float("inf"), torch.finfo(torch.float32).max
VALUES = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 1e-45, -1e-45, 1e-39, 1.1754944e-38, top, -top, 1e-8, 1e30, -1e30, 17.0, -17.0, 0.5]
FUNCTIONS = {
    "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt, "Square": torch.square, "Reciprocal": torch.reciprocal, "Abs": torch.abs, "Sign": torch.sign,
    "Relu": torch.relu, "LeakyRelu": lambda x: F.leaky_relu(x, 0.1), "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Softplus": F.softplus,
    "DivideBy3": lambda x: x / 3, "DivideBy1e-39": lambda x: x / torch.tensor(1e-39), "Max1": lambda x: torch.maximum(x, torch.tensor(1.0)),
}


def letters(t):
    return "".join("n" if v != v else "+" if v == inf else "-" if v == -inf else "0" if abs(v) < 1.1754943e-38 else "f" for v in t.tolist())


for name, f in FUNCTIONS.items():
    row = [letters(f(torch.tensor(VALUES)))]
    for g in (1.0, inf, nan):
        x = torch.tensor(VALUES, requires_grad=True)
        row.append(letters(torch.autograd.grad(f(x), x, torch.full_like(x, g))[0]))
    print(f'        {{ "{name}", "{row[0]}", "{row[1]}", "{row[2]}", "{row[3]}" }},')
