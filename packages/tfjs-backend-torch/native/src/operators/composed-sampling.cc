// Sampling and displacing as a composition of ATen's operators, for every device; in slabs, so that memory
// is bounded. The same bits as sampling.cc, operation by operation.

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "sampling.h"

namespace fedvox {
namespace {

at::Tensor between(const at::Tensor& low, const at::Tensor& high, const at::Tensor& weight) {
  return low + (high - low) * weight;
}

template <typename Value>
at::Tensor onDevice(const std::vector<Value>& values, int64_t begin, int64_t end,
                    const at::Tensor& like) {
  const auto type = std::is_same_v<Value, double> ? at::kDouble : at::kLong;
  const auto part = at::empty({end - begin}, type);
  std::copy(values.begin() + begin, values.begin() + end, part.template data_ptr<Value>());
  return part.to(like.device());
}

// The part of an axis's table that reads, on the device.
struct ComposedAxis {
  ComposedAxis(const AxisTable& table, bool zeroOutside, const at::Tensor& like)
      : begin(zeroOutside ? table.begin : 0),
        end(zeroOutside ? std::max(table.begin, table.end) : static_cast<int64_t>(table.low.size())),
        low(onDevice(table.low, begin, end, like)),
        high(onDevice(table.high, begin, end, like)),
        nearest(onDevice(table.nearest, begin, end, like)),
        weight(onDevice(table.weight, begin, end, like)) {}

  at::Tensor linear(const at::Tensor& values, int64_t dim) const {
    std::vector<int64_t> shape(3, 1);
    shape[dim] = -1;
    return between(values.index_select(dim, low).to(at::kDouble),
                   values.index_select(dim, high).to(at::kDouble), weight.reshape(shape));
  }

  int64_t begin, end;
  at::Tensor low, high, nearest, weight;
};

void composedAlongAxes(const at::Tensor& volume, const AxisTables& tables, bool nearest,
                       bool zeroOutside, const at::Tensor& out) {
  // Source axes in the order of the output's: dimensions z, y, x.
  const auto dimOf = [&](int axis) { return 2 - tables[axis].sourceAxis; };
  const auto source = volume.permute({dimOf(2), dimOf(1), dimOf(0)});
  const ComposedAxis x(tables[0], zeroOutside, volume), y(tables[1], zeroOutside, volume),
      z(tables[2], zeroOutside, volume);
  if (x.begin >= x.end || y.begin >= y.end) return;
  const auto inside = out.narrow(1, y.begin, y.end - y.begin).narrow(2, x.begin, x.end - x.begin);
  const int64_t plane =
      std::max(source.size(1), out.size(1)) * std::max(source.size(2), out.size(2));
  eachSlab(z.begin, z.end, plane, [&](int64_t first, int64_t planes) {
    const auto to = inside.narrow(0, first, planes);
    const auto part = [&](const at::Tensor& values) {
      return values.narrow(0, first - z.begin, planes);
    };
    if (nearest) {
      const auto slab = source.index_select(0, part(z.nearest));
      to.copy_(slab.index_select(1, y.nearest).index_select(2, x.nearest));
      return;
    }
    const auto at = [&](const at::Tensor& planesOf) {
      return y.linear(x.linear(source.index_select(0, part(planesOf)), 2), 1);
    };
    to.copy_(between(at(z.low), at(z.high), part(z.weight).reshape({-1, 1, 1})));
  });
}

// The coordinates of a slab's points along one axis.
struct ComposedPoints {
  ComposedPoints(const at::Tensor& given, int64_t size)
      : size(size), on((given >= -0.5).logical_and(given <= static_cast<double>(size) - 0.5)) {
    inside = at::where(given > 0, given, 0.).clamp_max(static_cast<double>(size - 1));
  }

  int64_t size;
  at::Tensor on, inside;
};

at::Tensor composedAt(const at::Tensor& volume, const ComposedPoints& x, const ComposedPoints& y,
                      const ComposedPoints& z, bool nearest) {
  const int64_t sx = x.size, plane = x.size * y.size;
  const auto whole = [](const at::Tensor& values) { return values.to(at::kLong); };
  if (nearest) {
    const auto at = whole(x.inside.round()) +
                    (whole(y.inside.round()) + whole(z.inside.round()) * y.size) * sx;
    return volume.take(at);
  }
  const auto ix = whole(x.inside), iy = whole(y.inside), iz = whole(z.inside);
  const auto dx = whole(ix < x.size - 1), dy = whole(iy < y.size - 1) * sx,
             dz = whole(iz < z.size - 1) * plane;
  const auto wx = x.inside - ix, wy = y.inside - iy, wz = z.inside - iz;
  const auto corner = ix + (iy + iz * y.size) * sx;
  const auto row = [&](const at::Tensor& at) {
    return between(volume.take(at).to(at::kDouble), volume.take(at + dx).to(at::kDouble), wx);
  };
  const auto square = [&](const at::Tensor& at) { return between(row(at), row(at + dy), wy); };
  return between(square(corner), square(corner + dz), wz);
}

}  // namespace

void composedSample(const at::Tensor& volume, at::ArrayRef<double> transform, bool nearest,
                    bool zeroOutside, const at::Tensor& out) {
  const Size source = sizeOf(volume), target = sizeOf(out);
  checkPlaces(volume, out, nearest);
  const IndexTransform indexOf(transform);
  if (const auto tables = axisTables(source, target, indexOf)) {
    return composedAlongAxes(volume, *tables, nearest, zeroOutside, out);
  }
  const auto indices = [&](int64_t first, int64_t count) {
    return at::arange(first, first + count, volume.options().dtype(at::kDouble));
  };
  const auto i = indices(0, target[0]), j = indices(0, target[1]).reshape({-1, 1});
  eachSlab(0, target[2], target[0] * target[1], [&](int64_t first, int64_t planes) {
    const auto k = indices(first, planes).reshape({-1, 1, 1});
    const auto along = [&](int axis) {
      const auto& m = indexOf.rows[axis];
      return ComposedPoints(((j * m[1] + k * m[2]) + m[3]) + i * m[0], source[axis]);
    };
    const auto x = along(0), y = along(1), z = along(2);
    auto values = composedAt(volume, x, y, z, nearest);
    if (zeroOutside) {
      values = at::where(x.on.logical_and(y.on).logical_and(z.on), values, at::zeros_like(values));
    }
    out.narrow(0, first, planes).copy_(values);
  });
}

void composedDisplace(const at::Tensor& volume, at::TensorList offsets, bool nearest,
                      const at::Tensor& out) {
  const Size size = sizeOf(volume);
  checkPlaces(volume, out, nearest);
  checkOffsets(volume, offsets, out);
  eachSlab(0, size[2], size[0] * size[1], [&](int64_t first, int64_t planes) {
    const auto along = [&](int axis) {
      const int64_t start = axis == 2 ? first : 0, count = axis == 2 ? planes : size[axis];
      std::vector<int64_t> shape(3, 1);
      shape[2 - axis] = -1;
      const auto index = at::arange(start, start + count, volume.options().dtype(at::kDouble));
      const auto offset = offsets[axis].narrow(0, first, planes).to(at::kDouble);
      return ComposedPoints(index.reshape(shape) + offset, size[axis]);
    };
    out.narrow(0, first, planes).copy_(composedAt(volume, along(0), along(1), along(2), nearest));
  });
}

}  // namespace fedvox
