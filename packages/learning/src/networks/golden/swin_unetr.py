"""Swin UNETR (Hatamizadeh et al. 2022) in plain PyTorch, with the names and the defaults of MONAI 1.5."""

import itertools

import torch
from torch import nn
from torch.nn import functional as F


class Named(nn.Module):
    """A module under MONAI's name for it: what is inside `conv` is `conv.…` there."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x):
        return self.conv(x)


def conv(inputs, outputs, kernel=3, stride=1, bias=False):
    padding = kernel // 2 if kernel % 2 else 0
    return Named(nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=bias))


def up_conv(inputs, outputs, stride=2):
    return Named(nn.ConvTranspose3d(inputs, outputs, stride, stride, bias=False))


class DynunetBlock(nn.Module):
    """Two convolutions, each with an instance norm and a leaky ReLU; residual, a sum in front of the last."""

    def __init__(self, inputs, outputs, stride=1, residual=False):
        super().__init__()
        self.conv1, self.conv2 = conv(inputs, outputs, 3, stride), conv(outputs, outputs)
        self.norm = nn.InstanceNorm3d(outputs)
        self.residual = residual
        if residual and (inputs != outputs or stride != 1):
            self.conv3 = conv(inputs, outputs, 1, stride)

    def forward(self, x):
        y = self.norm(self.conv2(F.leaky_relu(self.norm(self.conv1(x)), 0.01)))
        if self.residual:
            y = y + (self.norm(self.conv3(x)) if hasattr(self, "conv3") else x)
        return F.leaky_relu(y, 0.01)


class UpBlock(nn.Module):
    def __init__(self, inputs, outputs, residual=False):
        super().__init__()
        self.transp_conv = up_conv(inputs, outputs)
        self.conv_block = DynunetBlock(2 * outputs, outputs, residual=residual)

    def forward(self, x, skip):
        return self.conv_block(torch.cat([self.transp_conv(x), skip], 1))


def windows_of(x, window):
    """[batch, X, Y, Z, channels] as [batch·windows, tokens, channels]."""
    b, *size, c = x.shape
    split = [n for length, w in zip(size, window) for n in (length // w, w)]
    x = x.reshape(b, *split, c).permute(0, 1, 3, 5, 2, 4, 6, 7)
    return x.reshape(-1, window[0] * window[1] * window[2], c)


def volume_of(windows, window, batch, size):
    counts = [length // w for length, w in zip(size, window)]
    x = windows.reshape(batch, *counts, *window, -1).permute(0, 1, 4, 2, 5, 3, 6, 7)
    return x.reshape(batch, *size, -1)


class WindowAttention(nn.Module):
    def __init__(self, channels, heads, window):
        super().__init__()
        self.heads, self.scale = heads, (channels // heads) ** -0.5
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 3, heads))
        self.qkv, self.proj = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)
        place = torch.tensor(list(itertools.product(range(window), repeat=3)))
        apart = place[:, None] - place[None] + window - 1
        strides = torch.tensor([(2 * window - 1) ** 2, 2 * window - 1, 1])
        self.register_buffer("relative_position_index", (apart * strides).sum(-1))

    def forward(self, x, mask):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        logits = q * self.scale @ k.transpose(-1, -2)
        index = self.relative_position_index[:n, :n].reshape(-1)
        bias = self.relative_position_bias_table[index].reshape(n, n, -1).permute(2, 0, 1)
        logits = logits + bias.unsqueeze(0)
        if mask is not None:
            logits = logits.reshape(-1, len(mask), self.heads, n, n) + mask[:, None]
            logits = logits.reshape(-1, self.heads, n, n)
        y = torch.softmax(logits, -1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


def shift_mask(size, window, shift):
    """-100 between tokens that the roll has made neighbours, [windows, tokens, tokens]."""
    regions = torch.zeros(1, *size, 1)
    for axis, (length, w, s) in enumerate(zip(size, window, shift)):
        if s == 0:
            continue
        along = torch.zeros(length)
        along[length - w : length - s], along[length - s :] = 1, 2
        regions = regions * 3 + along.reshape([-1 if a == axis else 1 for a in range(3)] + [1])
    regions = windows_of(regions, window).squeeze(-1)
    return (regions[:, None] != regions[:, :, None]) * -100.0


class Mlp(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)

    def forward(self, x):
        return self.linear2(F.gelu(self.linear1(x)))


class SwinBlock(nn.Module):
    def __init__(self, channels, heads, window, shifted):
        super().__init__()
        self.window, self.shifted = window, shifted
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attn, self.mlp = WindowAttention(channels, heads, window), Mlp(channels)

    def forward(self, x):
        b, *size, _ = x.shape
        window = [min(self.window, length) for length in size]
        shift = [w // 2 if self.shifted and length > self.window else 0 for w, length in zip(window, size)]
        padded = [-(-length // w) * w for length, w in zip(size, window)]
        pads = [n for whole, length in zip(reversed(padded), reversed(size)) for n in (0, whole - length)]
        y = F.pad(self.norm1(x), [0, 0, *pads])
        mask = None
        if any(shift):
            y = torch.roll(y, [-s for s in shift], (1, 2, 3))
            mask = shift_mask(padded, window, shift).to(y.dtype)
        y = volume_of(self.attn(windows_of(y, window), mask), window, b, padded)
        if any(shift):
            y = torch.roll(y, shift, (1, 2, 3))
        x = x + y[:, : size[0], : size[1], : size[2]]
        return x + self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    ORDER = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(8 * channels)
        self.reduction = nn.Linear(8 * channels, 2 * channels, bias=False)

    def forward(self, x):
        x = torch.cat([x[:, i::2, j::2, k::2] for i, j, k in self.ORDER], -1)
        return self.reduction(self.norm(x))


class Stage(nn.Module):
    def __init__(self, channels, depth, heads, window):
        super().__init__()
        self.blocks = nn.ModuleList(SwinBlock(channels, heads, window, i % 2 == 1) for i in range(depth))
        self.downsample = PatchMerging(channels)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.downsample(x)


class SwinTransformer(nn.Module):
    def __init__(self, inputs, features, depths, heads, window):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv3d(inputs, features, 2, 2)})
        for stage, (depth, count) in enumerate(zip(depths, heads)):
            layers = nn.ModuleList([Stage(features * 2**stage, depth, count, window)])
            setattr(self, f"layers{stage + 1}", layers)

    def forward(self, x):
        x = self.patch_embed["proj"](x).movedim(1, -1)
        outputs = [x]
        for stage in range(1, 5):
            x = getattr(self, f"layers{stage}")[0](x)
            outputs.append(x)
        return [F.layer_norm(x, x.shape[-1:]).movedim(-1, 1).contiguous() for x in outputs]


class Encoder(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = DynunetBlock(inputs, outputs, residual=True)

    def forward(self, x):
        return self.layer(x)


class SwinUNETR(nn.Module):
    def __init__(self, inputs, outputs, features, depths=(2, 2, 2, 2), heads=(3, 6, 12, 24), window=7):
        super().__init__()
        f = features
        self.swinViT = SwinTransformer(inputs, f, depths, heads, window)
        self.encoder1, self.encoder2 = Encoder(inputs, f), Encoder(f, f)
        self.encoder3, self.encoder4 = Encoder(2 * f, 2 * f), Encoder(4 * f, 4 * f)
        self.encoder10 = Encoder(16 * f, 16 * f)
        for number, (above, below) in enumerate([(f, f), (f, 2 * f), (2 * f, 4 * f), (4 * f, 8 * f), (8 * f, 16 * f)]):
            setattr(self, f"decoder{number + 1}", UpBlock(below, above, residual=True))
        self.out = Named(conv(f, outputs, 1, bias=True))

    def forward(self, x):
        h0, h1, h2, h3, h4 = self.swinViT(x)
        y = self.decoder5(self.encoder10(h4), h3)
        y = self.decoder4(y, self.encoder4(h2))
        y = self.decoder3(y, self.encoder3(h1))
        y = self.decoder2(y, self.encoder2(h0))
        return self.out(self.decoder1(y, self.encoder1(x)))
