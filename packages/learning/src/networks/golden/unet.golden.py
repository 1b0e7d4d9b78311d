"""Writes `unet-*.safetensors` beside it: weights, input, logits and gradients of small UNets.

    pip install torch safetensors
    python unet.golden.py

The classes below are those of MONAI 1.5 (`monai.networks.blocks.Convolution`, `ResidualUnit`, `ADN`,
`monai.networks.layers.SkipConnection`, `monai.networks.nets.UNet`), reduced to three dimensions, PReLU and
the norms `"INSTANCE"`, `('instance', {'affine': True})` (in the network of that name) and `"BATCH"`, under the same
attribute names, so that their state dicts have MONAI's keys, but for counts of batches. Recorded on the CPU in
float32. Spatial axes are X, Y, Z; the recorded input and logits are [batch, channels, X, Y, Z]; the gradients
are those of the mean square of the logits. With batch norm that is so in training mode, whose logits are
`training_logits`, and the running statistics after that one pass are `counted.*`.

It also prints the parameter counts that the test quotes.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent


NORM = "instance"


def norm_of(channels):
    if NORM == "batch":
        return nn.BatchNorm3d(channels)
    return nn.InstanceNorm3d(channels, affine=NORM == "affine")


def same_padding(kernel):
    return tuple((size - 1) // 2 for size in kernel)


class ADN(nn.Sequential):
    def __init__(self, channels):
        super().__init__()
        self.add_module("N", norm_of(channels))
        self.add_module("D", nn.Dropout(0.0))
        self.add_module("A", nn.PReLU())


class Convolution(nn.Sequential):
    def __init__(self, inputs, outputs, kernel, stride, conv_only=False, transposed=False):
        super().__init__()
        padding = same_padding(kernel)
        if transposed:
            extra = stride - 1
            conv = nn.ConvTranspose3d(inputs, outputs, kernel, stride, padding, output_padding=extra)
        else:
            conv = nn.Conv3d(inputs, outputs, kernel, stride, padding)
        self.add_module("conv", conv)
        if not conv_only:
            self.add_module("adn", ADN(outputs))


class ResidualUnit(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, subunits, last_conv_only=False):
        super().__init__()
        self.conv = nn.Sequential()
        self.residual = nn.Identity()
        unit_inputs, unit_stride = inputs, stride
        for unit in range(subunits):
            conv_only = last_conv_only and unit == subunits - 1
            convolution = Convolution(unit_inputs, outputs, kernel, unit_stride, conv_only)
            self.conv.add_module(f"unit{unit}", convolution)
            unit_inputs, unit_stride = outputs, 1
        if stride != 1:
            self.residual = nn.Conv3d(inputs, outputs, kernel, stride, same_padding(kernel))
        elif inputs != outputs:
            self.residual = nn.Conv3d(inputs, outputs, 1, 1, 0)

    def forward(self, x):
        residual = self.residual(x)
        return self.conv(x) + residual


class SkipConnection(nn.Module):
    def __init__(self, submodule):
        super().__init__()
        self.submodule = submodule

    def forward(self, x):
        return torch.cat([x, self.submodule(x)], dim=1)


class UNet(nn.Module):
    def __init__(self, inputs, outputs, channels, strides, residual_units, kernel=(3, 3, 3), up_kernel=(3, 3, 3)):
        super().__init__()
        self.residual_units = residual_units
        self.kernel, self.up_kernel = kernel, up_kernel
        self.model = self.block(inputs, outputs, channels, strides, True)

    def block(self, inputs, outputs, channels, strides, is_top):
        here, stride = channels[0], strides[0]
        if len(channels) > 2:
            inner = self.block(here, here, channels[1:], strides[1:], False)
            up_inputs = here * 2
        else:
            inner = self.down(here, channels[1], 1)
            up_inputs = here + channels[1]
        down = self.down(inputs, here, stride)
        up = self.up(up_inputs, outputs, stride, is_top)
        return nn.Sequential(down, SkipConnection(inner), up)

    def down(self, inputs, outputs, stride):
        if self.residual_units > 0:
            return ResidualUnit(inputs, outputs, self.kernel, stride, self.residual_units)
        return Convolution(inputs, outputs, self.kernel, stride)

    def up(self, inputs, outputs, stride, is_top):
        conv_only = is_top and self.residual_units == 0
        conv = Convolution(inputs, outputs, self.up_kernel, stride, conv_only, transposed=True)
        if self.residual_units == 0:
            return conv
        return nn.Sequential(conv, ResidualUnit(outputs, outputs, self.kernel, 1, 1, last_conv_only=is_top))

    def forward(self, x):
        return self.model(x)


CONFIGS = {
    "two-residual-units": (1, 3, (2, 3, 4), (2, 2), 2, (1, 1, 8, 4, 12)),
    "one-residual-unit": (2, 2, (3, 4, 4), (2, 1), 1, (2, 2, 4, 6, 4)),
    "plain": (1, 2, (2, 3), (2,), 0, (1, 1, 6, 4, 8)),
    "plain-with-odd-strides": (1, 2, (2, 4, 3), (1, 3), 0, (1, 1, 9, 6, 3)),
    "affine": (1, 2, (2, 3, 4), (2, 2), 1, (2, 1, 8, 4, 4)),
    "kernels": (1, 2, (2, 3, 4), (2, 2), 3, (1, 1, 8, 4, 12), (5, 3, 1), (3, 1, 5)),
    "batch": (1, 2, (2, 3, 4), (2, 2), 2, (3, 1, 8, 4, 4)),
}

torch.manual_seed(7)
for name, (inputs, outputs, channels, strides, units, shape, *kernels) in CONFIGS.items():
    NORM = name if name in ("affine", "batch") else "instance"
    network = UNet(inputs, outputs, channels, strides, units, *kernels).eval()
    image = torch.randn(shape)
    with torch.no_grad():
        # Alphas of their own, so that a mix-up of layers shows.
        for key, parameter in network.named_parameters():
            if key.endswith("adn.A.weight"):
                parameter.uniform_(0.05, 0.5)
            if ".adn.N." in key:
                parameter.add_(torch.empty_like(parameter).uniform_(-0.5, 0.5))
        for key, statistic in network.named_buffers():
            if key.endswith(("running_mean", "running_var")):
                statistic.add_(torch.empty_like(statistic).uniform_(-0.5, 0.5))
    logits = network(image)
    state = {key: value.clone() for key, value in network.state_dict().items() if value.ndim > 0}
    record = {f"weights.{key}": value for key, value in state.items()}
    record |= {"input": image, "logits": logits.detach()}
    if NORM == "batch":
        logits = network.train()(image)
        record["training_logits"] = logits.detach()
        counted = {key: value for key, value in network.named_buffers() if value.ndim > 0}
        record |= {f"counted.{key}": value for key, value in counted.items()}
    logits.square().mean().backward()
    record |= {f"gradients.{key}": value.grad for key, value in network.named_parameters()}
    path = HERE / f"unet-{name}.safetensors"
    save_file({key: value.contiguous() for key, value in record.items()}, path)
    path.chmod(0o644)

NORM = "instance"
print("torch", torch.__version__)
for arguments in [
    (1, 2, (16, 32, 64, 128, 256), (2, 2, 2, 2), 2),
    (1, 2, (16, 32, 64, 128, 256), (2, 2, 2, 2), 0),
    (1, 3, (16, 32, 64, 128), (2, 2, 2), 2),
]:
    count = sum(parameter.numel() for parameter in UNet(*arguments).parameters())
    print(*arguments, count)
