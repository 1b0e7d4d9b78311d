#include "sliding.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "rows.h"

namespace fedvox {
namespace {

// What the rows of one piece of work may take, so that they stay in a core's own cache.
constexpr int64_t kScratchFloats = 48 * 1024;

constexpr int64_t kWeightsWorthAThread = 16 * 1024;

// The weights that one choice of phases meets, laid out as the tiles read them:
// [block of output channels][tap row][tap along the row × input channel][lane].
struct Pattern {
  const Phase* axes[3];
  std::vector<float> weights;
  int64_t rowLength;    // taps along a row × input channels
  int64_t outputsHigh;  // rows of output in one piece of work
  int64_t pieces;       // of one plane
};

struct Blocks {
  int vectors;
  int64_t lanes, count;
};

Blocks blocksOf(int64_t channels, const Kernels& simd) {
  const int vectors = channels > simd.vectorLength ? 2 : 1;
  const int64_t lanes = static_cast<int64_t>(vectors) * simd.vectorLength;
  return {vectors, lanes, (channels + lanes - 1) / lanes};
}

// The weights of one tap and input channel for output channels [first, first + count).
void copyWeights(const Filter& filter, int64_t cell, int64_t in, int64_t first, int64_t count,
                 float* to) {
  const float* const from = filter.values + cell * filter.a * filter.b;
  if (!filter.isTransposed) {
    std::copy_n(from + in * filter.b + first, count, to);
    return;
  }
  for (int64_t lane = 0; lane < count; ++lane) to[lane] = from[(first + lane) * filter.b + in];
}

void pack(const Filter& filter, int64_t inputs, int64_t outputs, const Blocks& blocks,
          Pattern& pattern) {
  const auto& [deep, high, wide] = pattern.axes;
  const int64_t tapsHigh = high->span(), tapRows = deep->span() * tapsHigh;
  const int64_t rowWeights = pattern.rowLength * blocks.lanes;
  pattern.weights.assign(blocks.count * tapRows * rowWeights, 0.f);
  at::parallel_for(0, blocks.count * tapRows, 1 + kWeightsWorthAThread / (rowWeights + 1),
                   [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t first = row / tapRows * blocks.lanes;
      const int64_t d = deep->taps[row % tapRows / tapsHigh], h = high->taps[row % tapsHigh];
      float* to = pattern.weights.data() + row * rowWeights;
      for (int64_t place = 0; place < wide->span(); ++place) {
        for (int64_t in = 0; in < inputs; ++in, to += blocks.lanes) {
          for (int64_t position = 0; position < wide->group; ++position) {
            const int64_t w = wide->taps[place * wide->group + position];
            if (w < 0) continue;
            const int64_t cell = (d * filter.taps[1] + h) * filter.taps[2] + w;
            const int64_t present = std::min(blocks.lanes, outputs - first);
            copyWeights(filter, cell, in, first, present, to + position * outputs);
          }
        }
      }
    }
  });
}

class Sliding {
 public:
  Sliding(const Volume& input, const Filter& filter, const float* bias,
          const std::vector<Phase> (&phases)[3], const Volume& output)
      : input_(input),
        output_(output),
        simd_(kernels()),
        group_(phases[2].front().group),
        blocks_(blocksOf(group_ * output.channels, simd_)) {
    if (bias != nullptr) {
      bias_.assign(blocks_.count * blocks_.lanes, 0.f);
      for (int64_t position = 0; position < group_; ++position) {
        std::copy_n(bias, output.channels, bias_.data() + position * output.channels);
      }
    }
    for (const auto& deep : phases[0]) {
      for (const auto& high : phases[1]) {
        for (const auto& wide : phases[2]) {
          if (deep.outputs * high.outputs * wide.outputs > 0) add(filter, deep, high, wide);
        }
      }
    }
  }

  // Pieces of work are taken by whichever thread is free; each writes outputs of its own.
  void run() const {
    std::vector<int64_t> starts{0};
    for (const auto& pattern : patterns_) {
      starts.push_back(starts.back() + output_.batch * pattern.axes[0]->outputs * pattern.pieces);
    }
    const int64_t total = starts.back();
    std::atomic<int64_t> next{0};
    at::parallel_for(0, std::min<int64_t>(total, at::get_num_threads()), 1, [&](int64_t, int64_t) {
      for (int64_t index = next++; index < total; index = next++) {
        const auto pattern = std::upper_bound(starts.begin(), starts.end(), index) - starts.begin() - 1;
        work(patterns_[pattern], index - starts[pattern]);
      }
    });
  }

 private:
  void add(const Filter& filter, const Phase& deep, const Phase& high, const Phase& wide) {
    Pattern pattern{{&deep, &high, &wide}, {}, 0, 0, 0};
    pattern.rowLength = wide.span() * input_.channels;
    pack(filter, input_.channels, output_.channels, blocks_, pattern);
    const int64_t rowFloats = std::max<int64_t>(1, wide.reach(wide.outputs) * input_.channels);
    const int64_t planes = std::max<int64_t>(1, deep.span());
    const int64_t rows = kScratchFloats / (rowFloats * planes) - high.span();
    pattern.outputsHigh = std::clamp<int64_t>(rows / high.inputStep, 1, high.outputs);
    pattern.pieces = (high.outputs + pattern.outputsHigh - 1) / pattern.outputsHigh;
    patterns_.push_back(std::move(pattern));
  }

  // Some rows of one output plane.
  void work(const Pattern& pattern, int64_t index) const {
    const auto& [deep, high, wide] = pattern.axes;
    const int64_t firstHigh = index % pattern.pieces * pattern.outputsHigh;
    const int64_t endHigh = std::min(firstHigh + pattern.outputsHigh, high->outputs);
    index /= pattern.pieces;
    const int64_t q = index % deep->outputs;
    const int64_t sample = index / deep->outputs;

    const int64_t firstPlane = deep->firstInput + q * deep->inputStep;
    const int64_t wantedRow = high->firstInput + firstHigh * high->inputStep;
    const int64_t firstRow = std::max<int64_t>(0, wantedRow);
    const int64_t endRow = std::min(wantedRow + high->reach(endHigh - firstHigh), input_.size[1]);
    const int64_t rowsInSlot = std::max<int64_t>(0, endRow - firstRow);
    const int64_t slots = deep->span();

    static thread_local std::vector<const float*> rows, weights;
    static thread_local std::vector<float> scratch;
    Rows source(input_, *wide, scratch);
    source.fetch(sample, firstPlane, slots, firstRow, rowsInSlot);
    const int64_t tapsHigh = high->span();
    const int64_t rowWeights = pattern.rowLength * blocks_.lanes;
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (int64_t r = firstHigh; r < endHigh; ++r) {
        rows.clear();
        weights.clear();
        for (int64_t slot = 0; slot < slots; ++slot) {
          const int64_t plane = firstPlane + slot;
          if (plane < 0 || plane >= input_.size[0]) continue;
          for (int64_t tap = 0; tap < tapsHigh; ++tap) {
            const int64_t row = high->firstInput + r * high->inputStep + tap;
            if (row < firstRow || row >= endRow) continue;
            rows.push_back(source.at(plane, row));
            weights.push_back(pattern.weights.data() +
                              ((block * slots + slot) * tapsHigh + tap) * rowWeights);
          }
        }
        const int64_t plane = deep->firstOutput + q * deep->outputStep;
        const int64_t row = high->firstOutput + r * high->outputStep;
        slideRow(pattern, block, rows, weights,
                 (sample * output_.size[0] + plane) * output_.size[1] + row);
      }
    }
  }

  void slideRow(const Pattern& pattern, int64_t block, const std::vector<const float*>& rows,
                const std::vector<const float*>& weights, int64_t outputRow) const {
    const Phase& wide = *pattern.axes[2];
    const int64_t longest = blocks_.vectors == 2 ? simd_.tileOfTwo : simd_.tileOfOne;
    const int64_t tiles = (wide.outputs + longest - 1) / longest;
    const int64_t firstChannel = block * blocks_.lanes;
    SlideTile tile;
    tile.rows = rows.data();
    tile.weights = weights.data();
    tile.rowCount = static_cast<int>(rows.size());
    tile.length = static_cast<int>(pattern.rowLength);
    tile.rowStep = wide.inputStep * input_.channels;
    tile.bias = bias_.empty() ? nullptr : bias_.data() + firstChannel;
    tile.outputStep = wide.outputStep * output_.channels;
    tile.channels = static_cast<int>(std::min(blocks_.lanes, group_ * output_.channels - firstChannel));
    const int64_t bytes = output_.storage == Storage::Float32 ? 4 : 2;
    for (int64_t index = 0; index < tiles; ++index) {
      const int64_t first = wide.outputs * index / tiles;
      tile.positions = static_cast<int>(wide.outputs * (index + 1) / tiles - first);
      tile.firstInput = first * tile.rowStep;
      const int64_t column = wide.firstOutput + first * wide.outputStep;
      const int64_t at = (outputRow * output_.size[2] + column) * output_.channels + firstChannel;
      tile.output = static_cast<char*>(output_.values) + at * bytes;
      simd_.slide(tile, blocks_.vectors, output_.storage);
    }
  }

  const Volume& input_;
  const Volume& output_;
  const Kernels& simd_;
  const int64_t group_;
  const Blocks blocks_;
  std::vector<float> bias_;
  std::vector<Pattern> patterns_;
};

}  // namespace

std::vector<Phase> forwardPhases(int64_t outputs, int64_t taps, int64_t stride, int64_t padding) {
  Phase phase{0, 1, outputs, -padding, stride, {}};
  for (int64_t tap = 0; tap < taps; ++tap) phase.taps.push_back(tap);
  return {phase};
}

std::vector<Phase> backwardPhases(int64_t outputs, int64_t taps, int64_t stride, int64_t padding) {
  std::vector<Phase> phases;
  for (int64_t first = 0; first < std::min(stride, outputs); ++first) {
    // Output i meets input (i + padding − k) / stride with tap k, where that divides.
    Phase phase{first, stride, (outputs - first + stride - 1) / stride, 0, 1, {}};
    const int64_t remainder = (first + padding) % stride;
    for (int64_t tap = taps - 1; tap >= 0; --tap) {
      if (tap % stride == remainder) phase.taps.push_back(tap);
    }
    if (!phase.taps.empty()) phase.firstInput = (first + padding - phase.taps[0]) / stride;
    phases.push_back(std::move(phase));
  }
  return phases;
}

std::vector<Phase> grouped(std::vector<Phase> phases, int64_t channels, int64_t vectorLength) {
  const int64_t apart = static_cast<int64_t>(phases.size());
  int64_t outputs = 0;
  for (const auto& phase : phases) outputs += phase.outputs;
  int64_t group = vectorLength / channels / apart * apart;
  while (group > 1 && outputs % group != 0) group -= apart;
  if (group <= 1) return phases;

  // Output i of phase i % apart, as the i-th of its group: what it meets, from the group's first input.
  const auto firstOf = [&](int64_t i) {
    return phases[i % apart].firstInput + i / apart * phases[i % apart].inputStep;
  };
  int64_t first = firstOf(0), end = first;
  for (int64_t i = 0; i < group; ++i) {
    first = std::min(first, firstOf(i));
    end = std::max(end, firstOf(i) + phases[i % apart].span());
  }
  const int64_t inputStep = group / apart * phases[0].inputStep;
  Phase whole{0, group, outputs / group, first, inputStep, {}, group};
  whole.taps.assign((end - first) * group, -1);
  for (int64_t i = 0; i < group; ++i) {
    const auto& taps = phases[i % apart].taps;
    for (size_t tap = 0; tap < taps.size(); ++tap) {
      whole.taps[(firstOf(i) - first + static_cast<int64_t>(tap)) * group + i] = taps[tap];
    }
  }
  return {whole};
}

void slideOver(const Volume& input, const Filter& filter, const float* bias,
               const std::vector<Phase> (&phases)[3], const Volume& output) {
  Sliding(input, filter, bias, phases, output).run();
}

}  // namespace fedvox
