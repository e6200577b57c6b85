#!/usr/bin/env python3
"""Distils VGG-19 up to relu4_2 into a network of half its width, the built-in network's topology.

Each layer of the student imitates half of the channels of one layer of VGG-19: those from which the others
are best predicted (QR with column pivoting on activations). Started by least squares layer by layer (channel
pruning, He et al. 2017), then trained end to end: squared error behind every ReLU, each channel over its variance.

usage: distill_vgg19.py VGG19.safetensors PICTURES.npy OUT.pth MINUTES
       VGG19: from impasto weights convert; PICTURES: uint8 [N,S,S,3], from make_pictures.py
"""
import json, math, struct, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from scipy.linalg import qr
torch.manual_seed(1); rng = np.random.default_rng(1)
raw = open(sys.argv[1], 'rb').read(); n = struct.unpack('<Q', raw[:8])[0]; head = json.loads(raw[8:8 + n])
V = {k: torch.from_numpy(np.frombuffer(raw, '<f4', int(np.prod(v['shape'])), 8 + n + v['data_offsets'][0]).reshape(v['shape']).copy()) for k, v in head.items() if k != '__metadata__'}
X = np.load(sys.argv[2], mmap_mode='r'); out, minutes = sys.argv[3], float(sys.argv[4])
TEACHER = 'conv1_1 conv1_2 P conv2_1 conv2_2 P conv3_1 conv3_2 conv3_3 conv3_4 P conv4_1 conv4_2'.split()
STUDENT = 'conv1_1 conv1_2 P conv2_1 conv2_2 P conv3_1 conv3_2 conv3_3 P conv4_1 conv4_2'.split()
OF = {l: l for l in STUDENT if l != 'P'} | {'conv3_3': 'conv3_4'}          # which layer of the teacher each imitates
MEAN = torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)  # RGB
V['conv1_1.weight'] = V['conv1_1.weight'].flip(1)                 # the file's is BGR
CL = torch.channels_last

def crops(k, s, augment=True):
    xs = []
    for i in rng.integers(0, len(X), k):
        a = X[i]; t = int(rng.integers(s, a.shape[0] + 1)); y, x = rng.integers(0, a.shape[0] - t + 1, 2)
        c = torch.from_numpy(a[y:y + t, x:x + t].copy()).permute(2, 0, 1)[None].float()
        c = F.interpolate(c, (s, s), mode='bilinear', antialias=True, align_corners=False)
        if rng.random() < .5: c = c.flip(3)
        if augment:
            r = rng.random()
            if r < .15: c = c[:, torch.from_numpy(rng.permutation(3))]
            elif r < .25: c = 255 - c
            if rng.random() < .3: c = (c - 128) * float(rng.uniform(.5, 1.8)) + 128 + torch.from_numpy(rng.uniform(-30, 30, (1, 3, 1, 1))).float()
            if rng.random() < .3: c = c + torch.randn_like(c) * float(rng.uniform(2, 40))
            c = c.clamp(0, 255)
        xs.append(c)
    return (torch.cat(xs) - MEAN).contiguous(memory_format=CL)

def teacher(x):
    o, z = {}, {}
    for l in TEACHER:
        if l == 'P': x = F.max_pool2d(x, 2); continue
        z[l] = F.conv2d(x, V[l + '.weight'], V[l + '.bias'], padding=1); x = F.relu(z[l]); o[l] = x
    return o, z

def student(P, x):
    o = {}
    for l in STUDENT:
        if l == 'P': x = F.max_pool2d(x, 2); continue
        x = F.relu(F.conv2d(x, P[l + '.weight'], P[l + '.bias'], padding=1)); o[l] = x
    return o

# channels, statistics, least-squares start
with torch.no_grad():
    rows = {l: [] for l in OF}; keep_in = {}
    for _ in range(12):
        o, z = teacher(crops(8, 96, False))
        for l in OF:
            f = o[OF[l]].permute(0, 2, 3, 1).reshape(-1, o[OF[l]].shape[1]); rows[l].append(f[torch.randperm(len(f))[:1200]])
    keep, var = {}, {}
    for l in OF:
        f = torch.cat(rows[l]).double().numpy(); v = f.var(0) + 1e-3; k = f.shape[1] // 2
        piv = qr((f - f.mean(0)) / np.sqrt(v), mode='r', pivoting=True)[1][:k]; piv.sort()
        keep[l] = torch.from_numpy(piv.copy()); var[l] = torch.from_numpy(v[piv]).float()
        g = f[:, piv]; g1 = np.c_[g, np.ones(len(g))]; res = f - g1 @ np.linalg.lstsq(g1, f, rcond=None)[0]
        print(f'{l}: {k} of {f.shape[1]} channels explain {1 - res.var(0).sum() / f.var(0).sum():.3f} of the variance', flush=True)
    P = {}
    convs = [l for l in STUDENT if l != 'P']
    for i, l in enumerate(convs):                                # each layer sees what those before it give
        A = B = None
        for _ in range(7 if i < 3 else 9):
            x0 = crops(6, 96, rng.random() < .3)
            with torch.autocast('cpu', dtype=torch.bfloat16): _, z = teacher(x0)
            x = x0
            for p in STUDENT[:STUDENT.index(l)]:
                x = F.max_pool2d(x, 2) if p == 'P' else F.relu(F.conv2d(x, P[p + '.weight'], P[p + '.bias'], padding=1))
            u = F.unfold(x, 3, padding=1).permute(0, 2, 1).reshape(-1, x.shape[1] * 9); y = z[OF[l]][:, keep[l]].float().permute(0, 2, 3, 1).reshape(-1, len(keep[l]))
            s = torch.randperm(len(u))[:5000]; u, y = torch.cat([u[s], torch.ones(len(s), 1)], 1), y[s]
            a, b = (u.T @ u).double(), (u.T @ y).double()
            A, B = (a, b) if A is None else (A + a, B + b)
        w = torch.linalg.solve(A + torch.eye(len(A)).double() * A.diagonal().mean() * 1e-4, B).float()
        P[l + '.weight'] = w[:-1].T.reshape(len(keep[l]), -1, 3, 3).contiguous(memory_format=CL); P[l + '.bias'] = w[-1].contiguous()
        print('solved', l, flush=True)
for v in P.values(): v.requires_grad_(True)
# each layer's parameters are trained relative to their own size
groups = [{'params': [P[l + '.weight'], P[l + '.bias']], 's': float(P[l + '.weight'].detach().std())} for l in convs]
opt = torch.optim.Adam([{'params': g['params'], 'lr': g['s']} for g in groups], betas=(.9, .99))
base = [g['lr'] for g in opt.param_groups]
WEIGHT = {'conv1_1': 1, 'conv2_1': 1, 'conv3_1': 1, 'conv4_1': 1.5, 'conv4_2': 1.5}

def losses(x):
    with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16): o, _ = teacher(x)
    with torch.autocast('cpu', dtype=torch.bfloat16): s = student(P, x)
    return {l: ((s[l].float() - o[OF[l]][:, keep[l]].float()) ** 2 / var[l].view(1, -1, 1, 1)).mean() for l in convs}

test = crops(16, 128, False)
def report(step, t):
    with torch.no_grad(): r = losses(test)
    print(f'step {step} {t:.1f} min: unexplained ' + ' '.join(f'{l[4:]} {v.item():.3f}' for l, v in r.items()), flush=True)
    torch.save({'P': {k: v.detach() for k, v in P.items()}, 'keep': keep}, out)
start, step = time.time(), 0; report(0, 0)
while True:
    t = (time.time() - start) / 60; done = t / minutes
    if done >= 1: break
    for g, b in zip(opt.param_groups, base): g['lr'] = b * .008 * min(1, (step + 1) / 30) * (.02 + .98 * .5 * (1 + math.cos(math.pi * done)))
    r = losses(crops(10, 96)); loss = sum(WEIGHT.get(l, .3) * v for l, v in r.items())
    opt.zero_grad(); loss.backward(); opt.step(); step += 1
    if step % 150 == 0: report(step, t)
report(step, t)
