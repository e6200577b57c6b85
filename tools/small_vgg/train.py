#!/usr/bin/env python3
"""Trains the small VGG that impasto ships: nine convolutions, 32-64-128-256 channels, on Tiny-ImageNet.

The topology is a VGG prefix (conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1 conv3_2 conv3_3 pool3
conv4_1 conv4_2), each convolution 3x3 pad 1 with BatchNorm and ReLU, then global average pooling and a
linear classifier over the 200 classes. BatchNorm is folded into the convolutions by export.py.

usage: train.py X.npy Y.npy VX.npy VY.npy OUT.pth MINUTES
       X, VX: uint8 [N,64,64,3]; Y, VY: int64 [N]
"""
import math, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

X, Y, VX, VY = (np.load(p) for p in sys.argv[1:5])
out, minutes = sys.argv[5], float(sys.argv[6])
Y, VY = torch.from_numpy(Y), torch.from_numpy(VY)
torch.manual_seed(1); np.random.seed(1)
cfg = [32, 32, 'M', 64, 64, 'M', 128, 128, 128, 'M', 256, 256]
layers, c = [], 3
for v in cfg:
    if v == 'M': layers.append(nn.MaxPool2d(2))
    else: layers += [nn.Conv2d(c, v, 3, padding=1, bias=False), nn.BatchNorm2d(v), nn.ReLU(inplace=True)]; c = v
feat, head = nn.Sequential(*layers).to(memory_format=torch.channels_last), nn.Linear(c, 200)
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1) * 255
std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1) * 255
opt = torch.optim.SGD([*feat.parameters(), *head.parameters()], lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)

def batch(a, idx, train):
    x = torch.from_numpy(a[idx]).permute(0, 3, 1, 2).float()
    if train:
        dy, dx = np.random.randint(0, 9, 2)
        x = x[:, :, dy:dy + 56, dx:dx + 56]
        if np.random.rand() < .5: x = x.flip(3)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)

def logits(x):
    with torch.autocast('cpu', dtype=torch.bfloat16):
        return head(F.adaptive_avg_pool2d(feat(x), 1).flatten(1)).float()

def accuracy(n=10000):
    feat.eval()
    with torch.no_grad():
        hits = sum((logits(batch(VX, np.arange(i, i + 200), False)).argmax(1) == VY[i:i + 200]).sum().item() for i in range(0, n, 200))
    feat.train()
    return hits / n

start, step, epoch, size = time.time(), 0, 0, 128
while True:
    order = np.random.permutation(len(X))
    for i in range(0, len(X) - size, size):
        done = (time.time() - start) / 60 / minutes
        if done >= 1: break
        for g in opt.param_groups: g['lr'] = 0.05 * (1 + math.cos(math.pi * done)) if step > 100 else 0.1 * step / 100
        idx = np.sort(order[i:i + size])
        loss = F.cross_entropy(logits(batch(X, idx, True)), Y[idx], label_smoothing=0.1)
        opt.zero_grad(); loss.backward(); opt.step(); step += 1
    epoch += 1
    print(f'epoch {epoch} step {step} loss {loss.item():.3f} top-1 {accuracy():.4f}', flush=True)
    torch.save({'feat': feat.state_dict(), 'head': head.state_dict(), 'cfg': cfg}, out)
    if done >= 1: break
