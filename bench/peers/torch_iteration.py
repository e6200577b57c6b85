#!/usr/bin/env python3
"""One iteration of neural style transfer in PyTorch, timed: the same work as bench_iteration.

Content at relu4_2, Gram losses at relu1_1 … relu5_1 (VGG-19) or … relu4_1 (small), total variation,
one Adam step on the pixels; random filters, which take no gradients. Written as quick as eager mode
allows: ReLUs in place, Gram matrices without a copy in either memory layout.

Debian 12: apt install python3-torch
"""
import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

pool = 0
networks = {
    'vgg19': ([64, 64, pool, 128, 128, pool, 256, 256, 256, 256, pool, 512, 512, 512, 512, pool, 512],
              ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1']),
    'small': ([32, 32, pool, 64, 64, pool, 128, 128, 128, pool, 256, 256],
              ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1']),
}
content_tap = 'relu4_2'
content_weight, style_weight, tv_weight = 1, 300, 5


class Features:
    """Maps after the ReLUs that are asked for, by name."""

    def __init__(self, channels, memory_format, device, dtype):
        self.layers, self.convert = [], dict(memory_format=memory_format, device=device, dtype=dtype)
        self.mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(1, 3, 1, 1)
        self.deviation = torch.tensor([0.229, 0.224, 0.225], device=device).view(1, 3, 1, 1)
        before, block, index = 3, 1, 1
        for out in channels:
            if out == pool:
                self.layers.append(None)
                block, index = block + 1, 1
                continue
            weight = torch.randn(out, before, 3, 3) * (2 / (9 * before)) ** 0.5
            bias = torch.zeros(out, device=device, dtype=dtype)
            self.layers.append((f'relu{block}_{index}', weight.to(**self.convert), bias))
            before, index = out, index + 1

    def __call__(self, pixels, taps):
        x, maps = ((pixels - self.mean) / self.deviation).to(**self.convert), {}
        for layer in self.layers:
            if layer is None:
                x = F.max_pool2d(x, 2)
                continue
            name, weight, bias = layer
            x = F.relu_(F.conv2d(x, weight, bias, padding=1))
            if name in taps:
                maps[name] = x
        return maps


def gram(x):
    """F·Fᵀ over its pixels; both branches are views, not copies."""
    channels, pixels = x.shape[1], x[0, 0].numel()
    if x.is_contiguous():
        rows = x.view(channels, pixels)
        return rows @ rows.T / pixels
    columns = x.permute(0, 2, 3, 1).view(pixels, channels)
    return columns.T @ columns / pixels


def total_variation(x):
    return (F.mse_loss(x[..., 1:], x[..., :-1]) + F.mse_loss(x[..., 1:, :], x[..., :-1, :]))


def make_iteration(options):
    channels, style_taps = networks[options.network]
    memory_format = {'nchw': torch.contiguous_format,
                     'channels_last': torch.channels_last}[options.layout]
    dtype = getattr(torch, options.dtype)
    features = Features(channels, memory_format, options.device, dtype)
    picture = lambda: torch.rand(1, 3, options.size, options.size, device=options.device)

    with torch.no_grad():
        content = features(picture(), [content_tap])[content_tap].float()
        styles = {tap: gram(x).float() for tap, x in features(picture(), style_taps).items()}
        norms = {tap: target.square().sum() for tap, target in styles.items()}
    x = picture().requires_grad_(True)
    adam = torch.optim.Adam([x], lr=0.02)

    def iteration():
        maps = features(x, [*style_taps, content_tap])
        style = sum((gram(maps[tap]).float() - target).square().sum() / norms[tap]
                    for tap, target in styles.items()) / len(styles)
        loss = (content_weight * F.mse_loss(maps[content_tap].float(), content) + style_weight * style +
                tv_weight * total_variation(x))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        return loss.item()

    return iteration


def measure(options):
    iteration = make_iteration(options)
    iteration()
    seconds = []
    for _ in range(options.iterations):
        start = time.perf_counter()
        iteration()
        if options.device != 'cpu':
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    peak = (1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if options.device == 'cpu'
            else torch.cuda.max_memory_allocated())
    return dict(network=options.network, size=options.size, layout=options.layout,
                dtype=options.dtype, device=options.device, threads=torch.get_num_threads(),
                torch=torch.__version__, seconds=seconds, peak_bytes=peak)


def best():
    """The quicker layout, each tried in a process of its own so that peaks stay apart."""
    runs = [json.loads(subprocess.run([sys.executable, *sys.argv, '--layout', layout, '--json'],
                                      check=True, stdout=subprocess.PIPE).stdout)
            for layout in ('nchw', 'channels_last')]
    return min(runs, key=lambda run: statistics.median(run['seconds']))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--network', choices=networks, default='vgg19')
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--layout', choices=['nchw', 'channels_last', 'best'], default='best')
    parser.add_argument('--dtype', choices=['float32', 'bfloat16'], default='float32')
    parser.add_argument('--iterations', type=int, default=5)
    parser.add_argument('--json', action='store_true')
    options = parser.parse_args()

    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    run = best() if options.layout == 'best' else measure(options)
    if options.json:
        print(json.dumps(run))
        return
    seconds = run['seconds']
    print(f"PyTorch {run['torch']}, {run['network']} at {run['size']}x{run['size']}, {run['dtype']}, "
          f"{run['layout']}, {run['threads']} threads: {statistics.median(seconds):.3f} s an iteration "
          f"({min(seconds):.3f} to {max(seconds):.3f}), peak {run['peak_bytes'] / 1e6:.0f} MB")


if __name__ == '__main__':
    main()
