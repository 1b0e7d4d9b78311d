// Values of a volume at the voxels of another grid, or displaced by offsets. Coordinates and weights are
// double, every operation is rounded by itself and in one order, so that all ways give the same bits.

#include "sampling.h"

#include <torch/library.h>

#include <algorithm>

namespace fedvox {
namespace {

// Off-axis drift over the whole output that is rounding, in source voxels.
constexpr double kMaxDrift = 1e-6;

AxisTable axisTable(int sourceAxis, int64_t count, int64_t sourceSize, double first, double step) {
  AxisTable table{sourceAxis, {}, {}, {}, {}, count, 0};
  for (int64_t index = 0; index < count; ++index) {
    const double at = first + step * static_cast<double>(index);
    if (isOn(at, sourceSize)) {
      table.begin = std::min(table.begin, index);
      table.end = index + 1;
    }
    const double inside = clamped(at, sourceSize);
    const int64_t low =
        std::min(static_cast<int64_t>(inside), std::max<int64_t>(0, sourceSize - 2));
    table.low.push_back(low);
    table.high.push_back(std::min(low + 1, sourceSize - 1));
    table.weight.push_back(inside - static_cast<double>(low));
    table.nearest.push_back(roundHalfEven(inside));
  }
  return table;
}

}  // namespace

std::optional<AxisTables> axisTables(const Size& source, const Size& target,
                                     const IndexTransform& indexOf) {
  std::array<int, 3> sourceAxisOf{-1, -1, -1};
  for (int row = 0; row < 3; ++row) {
    int only = -1;
    for (int column = 0; column < 3; ++column) {
      const double drift = std::abs(indexOf.rows[row][column]) * static_cast<double>(target[column]);
      if (!(drift > kMaxDrift)) continue;
      if (only >= 0) return std::nullopt;
      only = column;
    }
    if (only < 0 || sourceAxisOf[only] >= 0) return std::nullopt;
    sourceAxisOf[only] = row;
  }
  AxisTables tables;
  for (int axis = 0; axis < 3; ++axis) {
    const int row = sourceAxisOf[axis];
    const auto& m = indexOf.rows[row];
    tables[axis] = axisTable(row, target[axis], source[row], m[3], m[axis]);
  }
  return tables;
}

void checkPlaces(const at::Tensor& volume, const at::Tensor& out, bool nearest) {
  TORCH_CHECK(volume.is_contiguous() && out.is_contiguous(), "volumes lie in one piece");
  TORCH_CHECK(volume.scalar_type() == out.scalar_type(), "what is sampled keeps its type");
  const auto type = volume.scalar_type();
  TORCH_CHECK(type == at::kFloat || (nearest && type == at::kByte),
              "float32 is interpolated, and float32 and uint8 taken from the nearest voxel, not ",
              type);
}

void checkOffsets(const at::Tensor& volume, at::TensorList offsets, const at::Tensor& out) {
  TORCH_CHECK(out.sizes() == volume.sizes(), "what is displaced keeps its shape");
  TORCH_CHECK(offsets.size() == 3, "there are offsets along three axes, not ", offsets.size());
  for (const auto& each : offsets) {
    TORCH_CHECK(each.scalar_type() == at::kFloat && each.is_contiguous(),
                "offsets are float32 in one piece");
    TORCH_CHECK(each.sizes() == volume.sizes(), "offsets have the volume's shape ", volume.sizes(),
                ", not ", each.sizes());
  }
}

namespace {

// Voxels that one thread takes at a time, at least.
constexpr int64_t kGrain = 16 * 1024;
// Output rows that are made together: two planes of them in double stay in the first caches.
constexpr int64_t kRowsOfBlock = 16;

double blend(double low, double high, double weight) { return low + (high - low) * weight; }

// What the tables of one axis come to in the flat array.
struct Offsets {
  Offsets(const AxisTable& table, int64_t stride, bool zeroOutside)
      : table(table),
        stride(stride),
        begin(zeroOutside ? table.begin : 0),
        end(zeroOutside ? table.end : static_cast<int64_t>(table.low.size())) {}

  int64_t low(int64_t index) const { return table.low[index] * stride; }
  int64_t high(int64_t index) const { return table.high[index] * stride; }
  int64_t nearest(int64_t index) const { return table.nearest[index] * stride; }
  double weight(int64_t index) const { return table.weight[index]; }

  const AxisTable& table;
  const int64_t stride, begin, end;
};

// Arrays by key, of which the two used last are kept; asking for a third makes it in the older one.
class LastTwo {
 public:
  explicit LastTwo(int64_t length) : recent_(length), older_(length) {}

  void forget() { recentKey_ = olderKey_ = -1; }

  template <typename Fill>
  const double* at(int64_t key, Fill fill) {
    if (recentKey_ != key) {
      std::swap(recent_, older_);
      std::swap(recentKey_, olderKey_);
      if (recentKey_ != key) {
        fill(recent_.data());
        recentKey_ = key;
      }
    }
    return recent_.data();
  }

 private:
  std::vector<double> recent_, older_;
  int64_t recentKey_ = -1, olderKey_ = -1;
};

// Rows interpolated along x make blocks of planes, these the volume. Neighbours share rows and planes,
// so each is worked out once and the last two are kept.
void linearAlongAxes(const float* input, const Offsets& x, const Offsets& y, const Offsets& z,
                     const Size& shape, float* output) {
  const int64_t nx = shape[0], width = x.end - x.begin;
  if (width <= 0 || y.end <= y.begin) return;
  std::vector<int64_t> lows, highs;
  for (int64_t i = x.begin; i < x.end; ++i) lows.push_back(x.low(i)), highs.push_back(x.high(i));
  const double* const weights = x.table.weight.data() + x.begin;
  const int64_t blocks = (y.end - y.begin + kRowsOfBlock - 1) / kRowsOfBlock;
  at::parallel_for(0, blocks, 1, [&](int64_t firstBlock, int64_t lastBlock) {
    LastTwo rows(width), planes(width * kRowsOfBlock);
    for (int64_t block = firstBlock; block < lastBlock; ++block) {
      planes.forget();
      const int64_t y0 = y.begin + block * kRowsOfBlock, y1 = std::min(y0 + kRowsOfBlock, y.end);
      const auto rowAt = [&](int64_t offset) {
        return rows.at(offset, [&](double* row) {
          const float* const from = input + offset;
          for (int64_t i = 0; i < width; ++i) {
            row[i] = blend(from[lows[i]], from[highs[i]], weights[i]);
          }
        });
      };
      const auto planeAt = [&](int64_t offset) {
        return planes.at(offset, [&](double* plane) {
          for (int64_t j = y0; j < y1; ++j, plane += width) {
            const double* const low = rowAt(offset + y.low(j));
            const double* const high = rowAt(offset + y.high(j));
            const double weight = y.weight(j);
            for (int64_t i = 0; i < width; ++i) plane[i] = blend(low[i], high[i], weight);
          }
        });
      };
      for (int64_t k = z.begin; k < z.end; ++k) {
        const double* low = planeAt(z.low(k));
        const double* high = planeAt(z.high(k));
        const double weight = z.weight(k);
        for (int64_t j = y0; j < y1; ++j, low += width, high += width) {
          float* const to = output + nx * (j + shape[1] * k) + x.begin;
          for (int64_t i = 0; i < width; ++i) {
            to[i] = static_cast<float>(blend(low[i], high[i], weight));
          }
        }
      }
    }
  });
}

template <typename Voxel>
void nearestAlongAxes(const Voxel* input, const Offsets& x, const Offsets& y, const Offsets& z,
                      const Size& shape, Voxel* output) {
  std::vector<int64_t> offsets;
  for (int64_t i = x.begin; i < x.end; ++i) offsets.push_back(x.nearest(i));
  const auto width = static_cast<int64_t>(offsets.size());
  const int64_t planes = kGrain / std::max<int64_t>(1, width * (y.end - y.begin));
  at::parallel_for(z.begin, std::max(z.begin, z.end), planes + 1, [&](int64_t k0, int64_t k1) {
    for (int64_t k = k0; k < k1; ++k) {
      for (int64_t j = y.begin; j < y.end; ++j) {
        const Voxel* const from = input + z.nearest(k) + y.nearest(j);
        Voxel* const to = output + shape[0] * (j + shape[1] * k) + x.begin;
        for (int64_t i = 0; i < width; ++i) to[i] = from[offsets[i]];
      }
    }
  });
}

float linearAt(const float* input, const Size& size, double x, double y, double z) {
  const double cx = clamped(x, size[0]), cy = clamped(y, size[1]), cz = clamped(z, size[2]);
  const auto ix = static_cast<int64_t>(cx), iy = static_cast<int64_t>(cy),
             iz = static_cast<int64_t>(cz);
  const int64_t sx = size[0], plane = sx * size[1];
  const int64_t dx = ix + 1 < sx ? 1 : 0, dy = iy + 1 < size[1] ? sx : 0,
                dz = iz + 1 < size[2] ? plane : 0;
  const double wx = cx - static_cast<double>(ix), wy = cy - static_cast<double>(iy),
               wz = cz - static_cast<double>(iz);
  const float* const corner = input + ix + sx * iy + plane * iz;
  const auto row = [&](const float* at) { return blend(at[0], at[dx], wx); };
  const auto square = [&](const float* at) { return blend(row(at), row(at + dy), wy); };
  return static_cast<float>(blend(square(corner), square(corner + dz), wz));
}

template <typename Voxel>
Voxel nearestAt(const Voxel* input, const Size& size, double x, double y, double z) {
  const int64_t ix = roundHalfEven(clamped(x, size[0])), iy = roundHalfEven(clamped(y, size[1])),
                iz = roundHalfEven(clamped(z, size[2]));
  return input[ix + size[0] * (iy + size[1] * iz)];
}

// Calls back with each row (j, k) of a grid and where it begins.
template <typename Body>
void eachRow(const Size& shape, Body body) {
  at::parallel_for(0, shape[1] * shape[2], kGrain / shape[0] + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row % shape[1], row / shape[1], row * shape[0]);
  });
}

template <typename Voxel, typename At>
void sampleOblique(const Size& source, const Size& shape, const IndexTransform& indexOf,
                   bool zeroOutside, Voxel* output, At valueAt) {
  const auto& [mx, my, mz] = indexOf.rows;
  eachRow(shape, [&](int64_t rowOf, int64_t planeOf, int64_t first) {
    const auto j = static_cast<double>(rowOf), k = static_cast<double>(planeOf);
    const double x = mx[1] * j + mx[2] * k + mx[3];
    const double y = my[1] * j + my[2] * k + my[3];
    const double z = mz[1] * j + mz[2] * k + mz[3];
    for (int64_t index = 0; index < shape[0]; ++index) {
      const auto i = static_cast<double>(index);
      const double atX = x + mx[0] * i, atY = y + my[0] * i, atZ = z + mz[0] * i;
      if (zeroOutside && !(isOn(atX, source[0]) && isOn(atY, source[1]) && isOn(atZ, source[2]))) {
        continue;
      }
      output[first + index] = valueAt(atX, atY, atZ);
    }
  });
}

template <typename Voxel, typename At>
void displaceEach(const Size& shape, at::TensorList offsets, Voxel* output, At valueAt) {
  const float* const alongX = offsets[0].data_ptr<float>();
  const float* const alongY = offsets[1].data_ptr<float>();
  const float* const alongZ = offsets[2].data_ptr<float>();
  eachRow(shape, [&](int64_t j, int64_t k, int64_t first) {
    for (int64_t i = 0, at = first; i < shape[0]; ++i, ++at) {
      output[at] = valueAt(static_cast<double>(i) + alongX[at], static_cast<double>(j) + alongY[at],
                           static_cast<double>(k) + alongZ[at]);
    }
  });
}

// Calls back with pointers to the voxels, whichever of the two types they have.
template <typename Body>
void withVoxels(const at::Tensor& volume, const at::Tensor& out, Body body) {
  if (volume.scalar_type() == at::kByte) body(volume.data_ptr<uint8_t>(), out.data_ptr<uint8_t>());
  else body(volume.data_ptr<float>(), out.data_ptr<float>());
}

void sample(const at::Tensor& volume, at::ArrayRef<double> transform, bool nearest,
            bool zeroOutside, const at::Tensor& out) {
  const Size source = sizeOf(volume), shape = sizeOf(out);
  checkPlaces(volume, out, nearest);
  const IndexTransform indexOf(transform);
  if (const auto tables = axisTables(source, shape, indexOf)) {
    const std::array<int64_t, 3> strides{1, source[0], source[0] * source[1]};
    const auto offsets = [&, &tables = *tables](int axis) {
      return Offsets(tables[axis], strides[tables[axis].sourceAxis], zeroOutside);
    };
    const Offsets x = offsets(0), y = offsets(1), z = offsets(2);
    if (!nearest) {
      return linearAlongAxes(volume.data_ptr<float>(), x, y, z, shape, out.data_ptr<float>());
    }
    return withVoxels(volume, out,
                      [&](auto* from, auto* to) { nearestAlongAxes(from, x, y, z, shape, to); });
  }
  if (!nearest) {
    const float* const from = volume.data_ptr<float>();
    return sampleOblique(source, shape, indexOf, zeroOutside, out.data_ptr<float>(),
                         [&](double x, double y, double z) { return linearAt(from, source, x, y, z); });
  }
  withVoxels(volume, out, [&](auto* from, auto* to) {
    sampleOblique(source, shape, indexOf, zeroOutside, to,
                  [&](double x, double y, double z) { return nearestAt(from, source, x, y, z); });
  });
}

void displace(const at::Tensor& volume, at::TensorList offsets, bool nearest,
              const at::Tensor& out) {
  const Size size = sizeOf(volume);
  checkPlaces(volume, out, nearest);
  checkOffsets(volume, offsets, out);
  if (!nearest) {
    const float* const from = volume.data_ptr<float>();
    return displaceEach(size, offsets, out.data_ptr<float>(),
                        [&](double x, double y, double z) { return linearAt(from, size, x, y, z); });
  }
  withVoxels(volume, out, [&](auto* from, auto* to) {
    displaceEach(size, offsets, to,
                 [&](double x, double y, double z) { return nearestAt(from, size, x, y, z); });
  });
}

}  // namespace

// Volumes are [z, y, x]. What lies outside keeps what `out` holds, which is zeros at first. Overloads
// `composed` are what a GPU runs, under a name by which a test can ask for it on the processor.
TORCH_LIBRARY_FRAGMENT(fedvox, library) {
  library.def(
      "sample_volume(Tensor volume, float[] index_of, bool nearest, bool zero_outside, "
      "Tensor(a!) out) -> ()");
  library.def(
      "sample_volume.composed(Tensor volume, float[] index_of, bool nearest, bool zero_outside, "
      "Tensor(a!) out) -> ()");
  // Offsets in voxels along x, y and z, each of the volume's shape.
  library.def(
      "displace_volume(Tensor volume, Tensor[] offsets, bool nearest, Tensor(a!) out) -> ()");
  library.def(
      "displace_volume.composed(Tensor volume, Tensor[] offsets, bool nearest, Tensor(a!) out) "
      "-> ()");
}

TORCH_LIBRARY_IMPL(fedvox, CompositeExplicitAutograd, library) {
  library.impl("sample_volume", composedSample);
  library.impl("sample_volume.composed", composedSample);
  library.impl("displace_volume", composedDisplace);
  library.impl("displace_volume.composed", composedDisplace);
}

TORCH_LIBRARY_IMPL(fedvox, CPU, library) {
  library.impl("sample_volume", sample);
  library.impl("displace_volume", displace);
}

}  // namespace fedvox
