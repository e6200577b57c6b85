#!/usr/bin/env python3
"""A reference for neural style transfer in PyTorch, written after the published description of
jcjohnson/neural-style: VGG-19, pixels 0..255 in BGR minus Caffe's means, L-BFGS from the photo.

  content  5·w_c · mean (F − P)² at relu4_2
  style    100·w · mean (G − A)² at relu1_1, 2_1, 3_1, 4_1, 5_1, G = F·Fᵀ / (C·H·W)
  tv       the gradient of 1e-3 · Σ (x − right)² + (x − below)², halved

Photo and painting are used at their own sizes. Needs PyTorch, NumPy and Pillow.
"""
import argparse
import json
import pathlib
import struct

import numpy
import torch
import torch.nn.functional as F
from PIL import Image

means = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
convolutions = [2, 2, 4, 4, 1]  # in each block, up to conv5_1
content_layer = 'relu4_2'
style_layers = ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1']


def read_safetensors(path):
    """Tensors by name; indices into a palette of values (NAME.index, NAME.palette) are looked up."""
    raw = pathlib.Path(path).read_bytes()
    length, = struct.unpack('<Q', raw[:8])
    tensors = {}
    for name, entry in json.loads(raw[8:8 + length]).items():
        if name != '__metadata__':
            kind = {'U8': 'u1', 'F16': '<f2', 'F32': '<f4'}[entry['dtype']]
            count = int(numpy.prod(entry['shape']))
            start = 8 + length + entry['data_offsets'][0]
            tensors[name] = numpy.frombuffer(raw, kind, count, start).reshape(entry['shape'])
    for name in [n for n in tensors if n.endswith('.index')]:
        layer = name[:-len('.index')]
        tensors[layer + '.weight'] = tensors[layer + '.palette'][tensors[name]]
    return tensors


class Features:
    """Maps of VGG-19 behind its ReLUs, by name, with maximum pooling."""

    def __init__(self, path):
        tensors = read_safetensors(path)
        self.layers = []
        for block, count in enumerate(convolutions, 1):
            for index in range(1, count + 1):
                name = f'conv{block}_{index}'
                try:
                    weight, bias = (torch.from_numpy(tensors[f'{name}.{part}'].astype('f4'))
                                    for part in ('weight', 'bias'))
                except KeyError as missing:
                    raise SystemExit(f'neural_style: {path}: has no tensor {missing}; '
                                     'expected VGG-19 with the names conv1_1.weight …')
                self.layers.append((f'relu{block}_{index}', weight, bias))

    def __call__(self, pixels):
        x, maps = pixels, {}
        for name, weight, bias in self.layers:
            if name.endswith('_1') and name != 'relu1_1':
                x = F.max_pool2d(x, 2)
            x = maps[name] = F.relu(F.conv2d(x, weight, bias, padding=1))
        return maps


def gram(features):
    rows = features[0].flatten(1)
    return rows @ rows.T / rows.numel()


def total_variation(x):
    here = x[..., :-1, :-1]
    return 0.5 * ((x[..., :-1, 1:] - here).square().sum() +
                  (x[..., 1:, :-1] - here).square().sum())


def load(path):
    rgb = numpy.asarray(Image.open(path).convert('RGB'), dtype='f4').copy()
    bgr = torch.from_numpy(rgb).permute(2, 0, 1)[None].flip(1)
    return (bgr - means).contiguous()


def save(pixels, path):
    rgb = (pixels.detach() + means).flip(1)[0].permute(1, 2, 0).round().clamp(0, 255)
    Image.fromarray(rgb.to(torch.uint8).numpy()).save(path, 'png')


def paint(options):
    network = Features(options.vgg19)
    photo, painting = load(options.content), load(options.style)
    with torch.no_grad():
        content_target = network(photo)[content_layer]
        maps = network(painting)
        style_targets = [gram(maps[layer]) for layer in style_layers]
    pixels = photo.clone().requires_grad_()

    def loss():
        optimizer.zero_grad()
        maps = network(pixels)
        total = options.content_weight * F.mse_loss(maps[content_layer], content_target)
        for layer, target in zip(style_layers, style_targets):
            total = total + options.style_weight * F.mse_loss(gram(maps[layer]), target)
        total = total + options.tv_weight * total_variation(pixels)
        total.backward()
        return total

    # As there: one evaluation an iteration, no line search, never stopped early.
    optimizer = torch.optim.LBFGS([pixels], max_iter=options.iterations, tolerance_grad=-1,
                                  max_eval=2 * options.iterations, tolerance_change=-1)
    optimizer.step(loss)
    save(pixels, options.output)


parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('content', metavar='CONTENT', help='the photo')
parser.add_argument('style', metavar='STYLE', help='the painting')
parser.add_argument('-o', '--output', required=True, metavar='FILE', help='the picture, PNG')
parser.add_argument('--vgg19', required=True, metavar='FILE',
                    help="Oxford's VGG-19 as safetensors, conv1_1.weight …")
parser.add_argument('--iterations', type=int, default=60, metavar='N')
parser.add_argument('--content-weight', type=float, default=5, metavar='X')
parser.add_argument('--style-weight', type=float, default=100, metavar='X')
parser.add_argument('--tv-weight', type=float, default=1e-3, metavar='X')
parser.add_argument('--threads', type=int, default=2, metavar='N')

if __name__ == '__main__':
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    paint(arguments)
