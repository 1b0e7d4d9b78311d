#include "filter-gradient.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace fedvox {
namespace {

// Positions that one tile sums before it puts its sums back: enough that putting them back costs
// little, few enough that what neighbouring tiles read stays in the first cache.
constexpr int64_t kPositionsAtOnce = 160;

// A volume as float32, each row with zeros on both sides where the filter reaches out of it. A vector may
// be read from any channel of it, also where that takes it beyond the last.
class PaddedVolume {
 public:
  PaddedVolume(const Volume& volume, int64_t before, int64_t width, const Kernels& simd)
      : rows_(volume.batch * volume.size[0] * volume.size[1]) {
    const bool isAsNeeded =
        volume.storage == Storage::Float32 && before == 0 && width <= volume.size[2];
    rowFloats_ = (isAsNeeded ? volume.size[2] : width) * volume.channels;
    if (isAsNeeded) {
      values_ = static_cast<const float*>(volume.values);
    } else {
      copy(volume, before * volume.channels, simd);
    }
    last_.assign(rowFloats_ + 2 * simd.vectorLength, 0.f);
    if (rows_ > 0) std::copy_n(values_ + (rows_ - 1) * rowFloats_, rowFloats_, last_.data());
  }

  const float* row(int64_t index) const {
    return index + 1 == rows_ ? last_.data() : values_ + index * rowFloats_;
  }

 private:
  void copy(const Volume& volume, int64_t front, const Kernels& simd) {
    copy_ = at::empty({rows_ * rowFloats_}, at::kFloat);
    float* const to = copy_.data_ptr<float>();
    const int64_t given = volume.size[2] * volume.channels;
    const int64_t length = std::min(given, rowFloats_ - front);
    const int64_t bytes = volume.storage == Storage::Float32 ? 4 : 2;
    at::parallel_for(0, rows_, 16, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        float* const out = to + row * rowFloats_;
        std::fill_n(out, front, 0.f);
        simd.load(static_cast<const char*>(volume.values) + row * given * bytes, volume.storage,
                  out + front, length);
        std::fill(out + front + length, out + rowFloats_, 0.f);
      }
    });
    values_ = to;
  }

  const int64_t rows_;
  int64_t rowFloats_;
  const float* values_;
  std::vector<float> last_;
  at::Tensor copy_;
};

class FilterGradient {
 public:
  FilterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3])
      : simd_(kernels()),
        size_(input.size),
        channels_(input.channels),
        outputs_(phases[2].group * gradient.channels),
        phases_(phases),
        batch_(gradient.batch),
        vectors_(outputs_ > simd_.vectorLength ? 2 : 1),
        lanes_(static_cast<int64_t>(vectors_) * simd_.vectorLength),
        blocks_((outputs_ + lanes_ - 1) / lanes_),
        rowLength_(phases[2].span() * channels_),
        input_(input, -phases[2].firstInput,
               (phases[2].outputs - 1) * phases[2].inputStep + phases[2].span(), simd_),
        gradient_(gradient, 0, gradient.size[2], simd_),
        sums_(at::zeros({blocks_ * tapRows() * rowLength_ * lanes_}, at::kFloat)) {}

  void run(float* to) {
    const int64_t longest = vectors_ == 2 ? simd_.tileOfTwo : simd_.tileOfOne;
    const int64_t tiles = (rowLength_ + longest - 1) / longest;
    // Each thread sums some tiles over all positions: what comes out does not depend on their number.
    at::parallel_for(0, tapRows() * tiles * blocks_, 1, [&](int64_t begin, int64_t end) {
      sumTiles(begin, end, tiles);
    });
    unpack(to);
  }

 private:
  int64_t tapRows() const {
    return phases_[0].span() * phases_[1].span();
  }

  // An output row, and the input row that it meets with the first tap row.
  struct Meeting {
    int64_t sample, plane, row, outputRow;
  };

  void sumTiles(int64_t begin, int64_t end, int64_t tiles) {
    const int64_t planes = phases_[0].outputs, rows = phases_[1].outputs;
    const int64_t rowsAtOnce = std::max<int64_t>(1, kPositionsAtOnce / phases_[2].outputs);
    const int64_t total = batch_ * planes * rows;
    std::vector<Meeting> meetings;
    std::vector<const float*> inputs, gradients, shifted;
    for (int64_t first = 0; first < total; first += rowsAtOnce) {
      meetings.clear();
      for (int64_t row = first; row < std::min(first + rowsAtOnce, total); ++row) {
        meetings.push_back({row / (planes * rows),
                            phases_[0].firstInput + row / rows % planes * phases_[0].inputStep,
                            phases_[1].firstInput + row % rows * phases_[1].inputStep, row});
      }
      for (int64_t item = begin; item < end;) {
        const int64_t tapRow = item / (tiles * blocks_);
        collect(meetings, tapRow, inputs, gradients);
        const int64_t until = std::min(end, (tapRow + 1) * tiles * blocks_);
        for (; item < until; ++item) {
          sumTile(tapRow, item - tapRow * tiles * blocks_, tiles, inputs, gradients, shifted);
        }
      }
    }
  }

  // Those rows of input and gradient that meet in a tap row.
  void collect(const std::vector<Meeting>& meetings, int64_t tapRow,
               std::vector<const float*>& inputs, std::vector<const float*>& gradients) const {
    const int64_t tapPlane = tapRow / phases_[1].span(), tapHigh = tapRow % phases_[1].span();
    inputs.clear();
    gradients.clear();
    for (const auto& meeting : meetings) {
      const int64_t plane = meeting.plane + tapPlane, row = meeting.row + tapHigh;
      if (plane < 0 || plane >= size_[0] || row < 0 || row >= size_[1]) continue;
      inputs.push_back(input_.row((meeting.sample * size_[0] + plane) * size_[1] + row));
      gradients.push_back(gradient_.row(meeting.outputRow));
    }
  }

  void sumTile(int64_t tapRow, int64_t item, int64_t tiles, const std::vector<const float*>& inputs,
               const std::vector<const float*>& gradients, std::vector<const float*>& shifted) {
    const int64_t block = item / tiles, index = item % tiles;
    const int64_t first = rowLength_ * index / tiles;
    const size_t count = inputs.size();
    shifted.resize(2 * count);
    for (size_t row = 0; row < count; ++row) {
      shifted[row] = inputs[row] + first;
      shifted[count + row] = gradients[row] + block * lanes_;
    }
    FilterTile tile;
    tile.inputs = shifted.data();
    tile.gradients = shifted.data() + count;
    tile.rowCount = static_cast<int>(count);
    tile.positions = static_cast<int>(phases_[2].outputs);
    tile.inputStep = phases_[2].inputStep * channels_;
    tile.gradientStep = outputs_;
    tile.sums = sums_.data_ptr<float>() +
                ((block * tapRows() + tapRow) * rowLength_ + first) * lanes_;
    tile.weights = static_cast<int>(rowLength_ * (index + 1) / tiles - first);
    simd_.filterGradient(tile, vectors_);
  }

  // From [block, tap row, place in the row, input channel, lane] to [tap row, tap, input channel, output
  // channel]: positions of a group that met the same tap are summed.
  void unpack(float* to) const {
    const Phase& wide = phases_[2];
    const int64_t places = wide.span(), group = wide.group, outputs = outputs_ / group;
    const int64_t taps = 1 + *std::max_element(wide.taps.begin(), wide.taps.end());
    const float* const from = sums_.data_ptr<float>();
    std::fill_n(to, tapRows() * taps * channels_ * outputs, 0.f);
    for (int64_t block = 0; block < blocks_; ++block) {
      const int64_t first = block * lanes_, present = std::min(lanes_, outputs - first);
      for (int64_t index = 0; index < tapRows() * places * channels_; ++index) {
        const float* const sums = from + (block * tapRows() * places * channels_ + index) * lanes_;
        const int64_t tapRow = index / channels_ / places, place = index / channels_ % places;
        for (int64_t position = 0; position < group; ++position) {
          const int64_t tap = wide.taps[place * group + position];
          if (tap < 0) continue;
          float* const weights =
              to + ((tapRow * taps + tap) * channels_ + index % channels_) * outputs + first;
          for (int64_t lane = 0; lane < present; ++lane) {
            weights[lane] += sums[position * outputs + lane];
          }
        }
      }
    }
  }

  const Kernels& simd_;
  const int64_t (&size_)[3];
  const int64_t channels_, outputs_;
  const Phase (&phases_)[3];
  const int64_t batch_;
  const int vectors_;
  const int64_t lanes_, blocks_, rowLength_;
  const PaddedVolume input_, gradient_;
  at::Tensor sums_;
};

}  // namespace

void filterGradient(const Volume& input, const Volume& gradient, const Phase (&phases)[3],
                    float* sums) {
  FilterGradient(input, gradient, phases).run(sums);
}

}  // namespace fedvox
