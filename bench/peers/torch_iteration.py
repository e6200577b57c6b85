#!/usr/bin/env python3
"""One iteration of neural style transfer in PyTorch, timed: the same work as bench_iteration.

Content at relu4_2, Gram losses at relu1_1 … relu5_1 (VGG-19) or … relu4_1 (small), total variation,
one step of Adam or L-BFGS on the pixels; random filters, which take no gradients. Written as quick as
PyTorch allows: ReLUs in place, Gram matrices without a copy in either memory layout, on a GPU
cuDNN's search for the quickest convolution. Ways to run it (--how):

  eager     line by line; in 16 bit, filters and maps are kept in 16 bit
  autocast  float32 filters, rounded where they are used (16 bit alone)
  compile   torch.compile(mode='max-autotune') of the loss, its gradient with it (PyTorch 2)
  graph     the whole iteration recorded as a CUDA graph (Adam alone)
  best      the quickest of them

Debian 12: apt install python3-torch
"""
import argparse
import contextlib
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
    """F·Fᵀ over its pixels; both branches are views, not copies. Divided before it is rounded, so
    that it fits float16."""
    channels, pixels = x.shape[1], x[0, 0].numel()
    rows = (x.view(channels, pixels) if x.is_contiguous() else
            x.permute(0, 2, 3, 1).view(pixels, channels).T)
    return torch.addmm(rows.new_zeros(()), rows, rows.T, beta=0, alpha=1 / pixels)


def total_variation(x):
    return (F.mse_loss(x[..., 1:], x[..., :-1]) + F.mse_loss(x[..., 1:, :], x[..., :-1, :]))


def make_loss(options):
    """J of the pixels."""
    channels, style_taps = networks[options.network]
    memory_format = {'nchw': torch.contiguous_format,
                     'channels_last': torch.channels_last}[options.layout]
    narrow = options.dtype in ('float16', 'bfloat16')
    dtype = getattr(torch, options.dtype) if narrow else torch.float32
    cast = contextlib.nullcontext
    if options.how == 'autocast':
        dtype, narrow_type = torch.float32, dtype
        kind = torch.device(options.device).type
        cast = lambda: torch.autocast(kind, dtype=narrow_type, cache_enabled=False)
    features = Features(channels, memory_format, options.device, dtype)

    with torch.no_grad(), cast():
        content = features(picture(options), [content_tap])[content_tap].float()
        styles = {tap: gram(x).float() for tap, x in features(picture(options), style_taps).items()}
        norms = {tap: target.square().sum() for tap, target in styles.items()}

    def loss(x):
        with cast():
            maps = features(x, [*style_taps, content_tap])
            grams = {tap: gram(maps[tap]).float() for tap in styles}
        style = sum((grams[tap] - target).square().sum() / norms[tap]
                    for tap, target in styles.items()) / len(styles)
        return (content_weight * F.mse_loss(maps[content_tap].float(), content) +
                style_weight * style + tv_weight * total_variation(x))

    return torch.compile(loss, mode='max-autotune') if options.how == 'compile' else loss


def picture(options):
    return torch.rand(1, 3, options.size, options.size, device=options.device)


def make_adam(options):
    loss_of, x = make_loss(options), picture(options).requires_grad_(True)
    capturable = dict(capturable=True) if options.how == 'graph' else {}
    adam = torch.optim.Adam([x], lr=0.02, **capturable)

    def enqueue():
        adam.zero_grad(set_to_none=True)
        loss = loss_of(x)
        loss.backward()
        adam.step()
        return loss.detach()

    return recorded(enqueue) if options.how == 'graph' else lambda: enqueue().item()


def recorded(enqueue):
    """The same iteration, replayed as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            enqueue()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = enqueue()

    def replay():
        graph.replay()
        return loss.item()

    return replay


def make_lbfgs(options):
    loss_of, x = make_loss(options), picture(options).requires_grad_(True)
    lbfgs = torch.optim.LBFGS([x], max_iter=1, history_size=100, line_search_fn='strong_wolfe')

    def evaluate():
        lbfgs.zero_grad(set_to_none=True)
        loss = loss_of(x)
        loss.backward()
        return loss

    return lambda: float(lbfgs.step(evaluate))


def set_precision(options):
    """float32 is meant exactly, unless TF32 is asked for."""
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = options.dtype == 'tf32'
    torch.backends.cudnn.allow_tf32 = options.dtype == 'tf32'


def measure(options):
    set_precision(options)
    iteration = {'adam': make_adam, 'lbfgs': make_lbfgs}[options.optimizer](options)
    wait = (lambda: None) if options.device == 'cpu' else torch.cuda.synchronize
    for _ in range(options.uncounted):
        iteration()
    seconds = []
    for _ in range(options.iterations):
        wait()
        start = time.perf_counter()
        iteration()
        wait()
        seconds.append(time.perf_counter() - start)
    peak = (1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if options.device == 'cpu'
            else torch.cuda.max_memory_reserved())
    return dict(network=options.network, size=options.size, layout=options.layout, how=options.how,
                optimizer=options.optimizer, dtype=options.dtype, device=options.device,
                threads=torch.get_num_threads(), torch=torch.__version__, seconds=seconds,
                peak_bytes=peak)


def ways(options):
    """Every way of running that was left open and is possible here."""
    layouts = ['nchw', 'channels_last'] if options.layout == 'best' else [options.layout]
    hows = ['eager'] if options.device == 'cpu' else ['eager', 'autocast', 'compile', 'graph']
    hows = hows if options.how == 'best' else [options.how]
    return [(how, layout) for how in hows for layout in layouts if problem(options, how) is None]


def problem(options, how):
    """Why it cannot be run so; None if it can."""
    if how == 'autocast' and options.dtype not in ('float16', 'bfloat16'):
        return 'autocast is for float16 and bfloat16'
    if how == 'compile' and not hasattr(torch, 'compile'):
        return f'PyTorch {torch.__version__} has no torch.compile'
    if how == 'graph' and (options.device == 'cpu' or options.optimizer == 'lbfgs'):
        return 'a CUDA graph is for Adam on a GPU'
    return None


def measure_apart(how, layout):
    """In a process of its own, so that peaks stay apart; None where PyTorch fails."""
    command = [sys.executable, *sys.argv, '--how', how, '--layout', layout, '--json']
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode == 0:
        return json.loads(run.stdout)
    reason = (run.stderr.strip().splitlines() or ['no reason given'])[-1]
    print(f'torch_iteration: {how}, {layout} is left out: {reason}', file=sys.stderr)
    return None


def run_all(options):
    """All ways that were left open, the quickest first."""
    found = ways(options)
    if options.how != 'best' and options.layout != 'best' and found:
        return [measure(options)]
    runs = [run for run in (measure_apart(*way) for way in found) if run is not None]
    return sorted(runs, key=lambda run: statistics.median(run['seconds']))


def describe(run):
    seconds = run['seconds']
    return (f"PyTorch {run['torch']}, {run['network']} at {run['size']}x{run['size']}, "
            f"{run['optimizer']}, {run['dtype']}, {run['how']}, {run['layout']}, {run['device']}, "
            f"{run['threads']} threads: {statistics.median(seconds):.4f} s an iteration "
            f"({min(seconds):.4f} to {max(seconds):.4f}), peak {run['peak_bytes'] / 1e6:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--network', choices=networks, default='vgg19')
    parser.add_argument('--size', type=int, default=512)
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--how', choices=['eager', 'autocast', 'compile', 'graph', 'best'],
                        default='eager')
    parser.add_argument('--layout', choices=['nchw', 'channels_last', 'best'], default='best')
    parser.add_argument('--dtype', choices=['float32', 'tf32', 'float16', 'bfloat16'],
                        default='float32')
    parser.add_argument('--optimizer', choices=['adam', 'lbfgs'], default='adam')
    parser.add_argument('--iterations', type=int, default=5)
    parser.add_argument('--uncounted', type=int, default=1, help='iterations before the first timed')
    parser.add_argument('--json', action='store_true', help='the quickest alone')
    options = parser.parse_args()

    if options.device != 'cpu' and not torch.cuda.is_available():
        raise SystemExit(f'torch_iteration: PyTorch {torch.__version__} finds no GPU')
    if options.how != 'best' and problem(options, options.how):
        raise SystemExit(f'torch_iteration: {problem(options, options.how)}')
    torch.manual_seed(1)
    runs = run_all(options)
    if not runs:
        raise SystemExit('torch_iteration: nothing ran')
    if options.json:
        print(json.dumps(runs[0]))
        return
    for run in runs:
        print(describe(run))


if __name__ == '__main__':
    main()
