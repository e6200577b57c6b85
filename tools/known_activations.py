#!/usr/bin/env python3
"""Prints what PyTorch, in float64, makes of the test picture of `impasto weights verify` with the
built-in network: mean and deviation behind each ReLU, as src/weights/verify.cpp has them.

usage: known_activations.py        (Debian 12: apt install python3-torch)
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

weights = pathlib.Path(__file__).parent / '../src/weights/built_in/small-vgg.safetensors'


def test_picture(height=96, width=112):
    picture, noise = np.zeros((3, height, width)), 1
    for c in range(3):
        for y in range(height):
            for x in range(width):
                noise = (noise * 1664525 + 1013904223) % 2**32
                wave = np.sin(0.05 * (c + 2) * x + 0.09 * y)
                board = 0.15 if (x // 14 + y // 16 + c) % 2 == 0 else -0.15
                picture[c, y, x] = 0.5 + 0.25 * wave + board + 0.1 * ((noise >> 8) / 2**24 - 0.5)
    return picture


def main():
    raw = weights.read_bytes()
    length = int.from_bytes(raw[:8], 'little')
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]
    tensor = lambda name: torch.tensor(np.frombuffer(
        data[slice(*header[name]['data_offsets'])], 'f2').astype('f8').reshape(header[name]['shape']))
    triple = lambda text: torch.tensor([float(v) for v in text.split()], dtype=torch.float64)[:, None, None]
    meta = header['__metadata__']
    x = (torch.tensor(test_picture()) - triple(meta['mean'])) / triple(meta['std'])
    x = x[None]
    for layer in meta['layers'].split():
        if layer.startswith('pool'):
            x = F.max_pool2d(x, 2)
        else:
            x = F.relu(F.conv2d(x, tensor(f'{layer}.weight'), tensor(f'{layer}.bias'), padding=1))
            print(f'{{{x.mean():.7g}, {x.std(unbiased=False):.7g}}},')


main()
