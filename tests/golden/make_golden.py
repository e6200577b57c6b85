#!/usr/bin/env python3
"""Writes small_vgg.npz: what PyTorch computes, in float64, with the built-in network's filters.

usage: make_golden.py        (Debian 12: apt install python3-torch; 1.13 made the stored file)

Everything is stored as float32. A map has shape [C,H,W], a loss [], a Gram matrix [C,C].
The network's input is (pixel - mean) / std, as its file says, zero-padded in each convolution.

  picture, content, style       [3,29,43] [3,29,43] [3,23,31]: pixels in 0..1, smooth with an edge
                                and some noise. J is taken at `picture`.
  VARIANT.TAP                   maps of `picture` at the tap; for `max` at every relu, for the other
                                variants at relu4_2 alone
  max.gram.TAP                  F Ft of `picture`, not normalised; TAP = relu1_1 relu2_1 relu3_1 relu4_1
  VARIANT.CONVENTION.content    the content term at relu4_2
  VARIANT.CONVENTION.style.TAP  the style term at each of those four taps
  VARIANT.CONVENTION.content.gradient   d content / d picture
  VARIANT.CONVENTION.style.gradient     d (mean of the four style terms) / d picture
  adam.losses, adam.picture     J before each of 40 steps of Adam (rate 0.02) from `content`, and the
                                picture after them: average, relative, content 1, style 100, tv 2
  tv.mean, tv.sum, tv.gradient  mean of squared horizontal differences + mean of squared vertical
                                ones; their sums; d tv.mean / d picture
  tv.neural-style, tv.neural-style.gradient   half the sum of squared differences of values in 0..255,
                                each pixel with its right and its lower neighbour, the last row and
                                column left out; and d that / d picture (pixels in 0..1)

VARIANT     max           2x2 max pooling, rounding down
            average       2 times the mean of each 2x2 window
            l2            0.78 times the root of each window's sum of squares; its gradient is 0
                          where the window is
            replicate     as max, and conv1_1 repeats the picture's edge in place of zeros
CONVENTION  with maps F of C channels and M = H W pixels, d = F - F_content, G = F Ft of the picture,
            A = F Ft of the style, M_a its pixels:
            lecture       content sum d^2 / (4 M C),  style sum (G - A')^2 / (4 C^2 M^2)
            gatys         content sum d^2 / 2,        style sum (G - A')^2 / (4 C^2 M^2)
            relative      content sum d^2 / sum F_content^2,
                          style sum (G/M - A/M_a)^2 / sum (A/M_a)^2
            neural-style  content sum d^2 / (C M),    style sum (G/M - A/M_a)^2 / C^4
            where A' = A M / M_a, so that a style of another size is comparable; lecture and gatys,
            which know one size only, do not say.
"""
import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
filters_file = here / '../../src/weights/built_in/small-vgg.safetensors'
content_tap = 'relu4_2'
conventions = ['lecture', 'gatys', 'relative', 'neural-style']
style_taps = ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1']
pools = {
    'max': lambda x: F.max_pool2d(x, 2),
    'average': lambda x: 2 * F.avg_pool2d(x, 2),
    'l2': lambda x: 0.78 * safe_root(4 * F.avg_pool2d(x * x, 2)),
    'replicate': lambda x: F.max_pool2d(x, 2),
}


def safe_root(x):
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, torch.ones_like(x)).sqrt(), x)


def load_filters():
    raw = filters_file.read_bytes()
    length = struct.unpack('<Q', raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    meta = header.pop('__metadata__')
    tensors = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        values = np.frombuffer(raw[8 + length + begin:8 + length + end], '<f2')
        tensors[name] = torch.from_numpy(values.astype('f8').reshape(entry['shape']))
    numbers = [torch.tensor([float(x) for x in meta[key].split()], dtype=torch.float64)
               for key in ('mean', 'std')]
    return meta['layers'].split(), tensors, *(n.view(1, 3, 1, 1) for n in numbers)


layers, filters, mean, std = load_filters()


def features(pixels, variant):
    """The map after every layer, by the tap's name."""
    convert = lambda t: t.to(pixels.dtype)
    x, taps = (pixels - convert(mean)) / convert(std), {}
    for layer in layers:
        if layer.startswith('pool'):
            x = taps[layer] = pools[variant](x)
            continue
        weight, bias = (convert(filters[f'{layer}.{part}']) for part in ('weight', 'bias'))
        if variant == 'replicate' and layer == 'conv1_1':
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode='replicate'), weight, bias)
        else:
            x = F.conv2d(x, weight, bias, padding=1)
        x = taps[layer.replace('conv', 'relu')] = F.relu(x)
    return taps


def gram(f):
    flat = f[0].flatten(1)
    return flat @ flat.T


def content_term(convention, f, target):
    scale = {'lecture': 1 / (4 * f.numel()), 'gatys': 1 / 2, 'neural-style': 1 / f.numel(),
             'relative': 1 / (target ** 2).sum()}[convention]
    return scale * ((f - target) ** 2).sum()


def style_term(convention, f, style):
    channels, size, style_size = f.shape[1], f[0, 0].numel(), style[0, 0].numel()
    g, a = gram(f) / size, gram(style) / style_size
    if convention == 'relative':
        return ((g - a) ** 2).sum() / (a ** 2).sum()
    if convention == 'neural-style':
        return ((g - a) ** 2).sum() / channels ** 4
    return ((g - a) ** 2).sum() / (4 * channels ** 2)


def tv_terms(pixels):
    dx, dy = pixels[..., 1:] - pixels[..., :-1], pixels[..., 1:, :] - pixels[..., :-1, :]
    return (dx ** 2).mean() + (dy ** 2).mean(), (dx ** 2).sum() + (dy ** 2).sum()


def neural_style_tv(pixels):
    here = 255 * pixels
    dx, dy = here[..., :-1, 1:] - here[..., :-1, :-1], here[..., 1:, :-1] - here[..., :-1, :-1]
    return 0.5 * ((dx ** 2).sum() + (dy ** 2).sum())


def pixels(height, width, seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 16
    planes = []
    for c in range(3):
        a, b, phase = rng.uniform(0.5, 3, 2).tolist() + [rng.uniform(0, 6)]
        plane = 0.5 + 0.3 * np.sin(a * y + b * x + phase) + 0.2 * (x > y + 0.3 * c - 0.2)
        planes.append(plane + rng.normal(0, 0.08, plane.shape))
    return np.clip(planes, 0, 1).astype('f4')


def evaluate(variant, picture, content, style):
    """All that is stored of a variant, at the picture's precision."""
    x = picture.clone().requires_grad_(True)
    with torch.no_grad():
        contents, styles = features(content, variant), features(style, variant)
    taps = features(x, variant)
    relus = [t for t in taps if t.startswith('relu')]
    stored = {tap: taps[tap][0] for tap in (relus if variant == 'max' else [content_tap])}
    if variant == 'max':
        stored |= {f'gram.{tap}': gram(taps[tap]) for tap in style_taps}
    for convention in conventions:
        term = content_term(convention, taps[content_tap], contents[content_tap])
        terms = [style_term(convention, taps[tap], styles[tap]) for tap in style_taps]
        stored[f'{convention}.content'] = term
        stored |= {f'{convention}.style.{tap}': t for tap, t in zip(style_taps, terms)}
        for name, loss in (('content', term), ('style', sum(terms) / len(terms))):
            gradient = torch.autograd.grad(loss, x, retain_graph=True)[0]
            stored[f'{convention}.{name}.gradient'] = gradient[0]
    return {f'{variant}.{key}': value.detach().double().numpy() for key, value in stored.items()}


def adam_run(content, style, steps=40):
    """The loop that everybody writes, at the defaults of the library's painter."""
    with torch.no_grad():
        contents, styles = features(content, 'average'), features(style, 'average')
    x, losses = content.clone().requires_grad_(True), []
    adam = torch.optim.Adam([x], lr=0.02)
    for _ in range(steps):
        taps = features(x, 'average')
        content_loss = content_term('relative', taps[content_tap], contents[content_tap])
        style_loss = sum(style_term('relative', taps[t], styles[t]) for t in style_taps) / len(style_taps)
        loss = content_loss + 100 * style_loss + 2 * tv_terms(x)[0]
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return {'adam.losses': np.array(losses), 'adam.picture': x.detach()[0].numpy()}


def main():
    arrays = {'picture': pixels(29, 43, 4), 'content': pixels(29, 43, 2), 'style': pixels(23, 31, 3)}
    images = [torch.from_numpy(arrays[k])[None] for k in ('picture', 'content', 'style')]
    for variant in pools:
        exact = evaluate(variant, *(i.double() for i in images))
        arrays |= exact
        # How well float32 can do at all: a flipped ReLU or a changed maximum would show here.
        single = evaluate(variant, *images)
        worst = max(exact, key=lambda k: lost(single[k], exact[k]))
        print(f'{variant}: float32 is off by at most {lost(single[worst], exact[worst]):.1e}, {worst}')

    arrays |= adam_run(images[1].double(), images[2].double())
    x = images[0].double().requires_grad_(True)
    arrays['tv.mean'], arrays['tv.sum'] = (t.detach().numpy() for t in tv_terms(x))
    arrays['tv.gradient'] = torch.autograd.grad(tv_terms(x)[0], x)[0][0].numpy()
    theirs = neural_style_tv(x)
    arrays['tv.neural-style'] = theirs.detach().numpy()
    arrays['tv.neural-style.gradient'] = torch.autograd.grad(theirs, x)[0][0].numpy()
    np.savez(here / 'small_vgg.npz', **{k: np.asarray(v, 'f4') for k, v in arrays.items()})
    print(len(arrays), 'arrays,', (here / 'small_vgg.npz').stat().st_size, 'bytes')


def lost(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


if __name__ == '__main__':
    torch.set_num_threads(1)
    main()
