#include "sliding.h"

#include <algorithm>
#include <utility>

#include "packed-filter.h"
#include "pieces.h"
#include "rows.h"
#include "work.h"

namespace fedvox {
namespace {

// Enough that all threads are busy to the end.
constexpr int64_t kLeastPieces = 32;

// Outputs that meet the same weights.
struct Pattern {
  const Phase* axes[3];
  PackedFilter filter;
};

// Patterns that read the input alike along its rows: they take turns on each piece of it.
struct Sweep {
  const Phase* wide;
  Phase deep, high;  // whatever any of the patterns meets
  std::vector<Pattern> patterns;
  std::vector<Piece> pieces;
};

// A phase of as many outputs and as long a reach as any of these has.
Phase whole(const std::vector<Phase>& phases) {
  Phase all{0, 0, 0, phases[0].firstInput, phases[0].inputStep, {}};
  int64_t end = all.firstInput;
  for (const auto& phase : phases) {
    all.outputs = std::max(all.outputs, phase.outputs);
    all.firstInput = std::min(all.firstInput, phase.firstInput);
    end = std::max(end, phase.firstInput + phase.span());
  }
  all.taps.resize(end - all.firstInput);
  return all;
}

class Sliding {
 public:
  Sliding(const Volume& input, const Filter& filter, const float* bias,
          const std::vector<Phase> (&phases)[3], const Volume& output)
      : input_(input),
        output_(output),
        operands_(input.storage),
        group_(phases[2].front().group),
        blocks_(blocksOf(group_ * output.channels)) {
    if (bias != nullptr) {
      bias_.assign(blocks_.count * blocks_.lanes, 0.f);
      for (int64_t position = 0; position < group_; ++position) {
        std::copy_n(bias, output.channels, bias_.data() + position * output.channels);
      }
    }
    for (const auto& wide : phases[2]) {
      if (wide.outputs > 0) add(filter, phases, wide);
    }
  }

  // Each piece writes outputs of its own.
  void run() const {
    std::vector<std::pair<const Sweep*, const Piece*>> work;
    for (const auto& sweep : sweeps_) {
      for (const auto& piece : sweep.pieces) work.emplace_back(&sweep, &piece);
    }
    eachAsTaken(static_cast<int64_t>(work.size()), [&](int64_t index) {
      slidePiece(*work[index].first, *work[index].second);
    });
  }

 private:
  void add(const Filter& filter, const std::vector<Phase> (&phases)[3], const Phase& wide) {
    Sweep sweep{&wide, whole(phases[0]), whole(phases[1]), {}, {}};
    for (const auto& deep : phases[0]) {
      for (const auto& high : phases[1]) {
        const Phase* const axes[]{&deep, &high, &wide};
        sweep.patterns.push_back(
            {{&deep, &high, &wide}, PackedFilter(filter, axes, blocks_, operands_)});
      }
    }
    const int64_t rowFloats = wide.reach(wide.outputs) * input_.channels;
    sweep.pieces = cutIntoPieces(output_.batch, sweep.deep, sweep.high, rowFloats, kLeastPieces);
    sweeps_.push_back(std::move(sweep));
  }

  void slidePiece(const Sweep& sweep, const Piece& piece) const {
    const auto& [wide, deep, high, patterns, pieces] = sweep;
    static thread_local std::vector<float> scratch;
    Rows source(input_, *wide, operands_, scratch);
    source.fetch(piece, deep, high);
    for (const auto& pattern : patterns) {
      const int64_t planes = std::min(piece.plane + piece.planes, pattern.axes[0]->outputs);
      const int64_t rows = std::min(piece.row + piece.rows, pattern.axes[1]->outputs);
      for (int64_t block = 0; block < blocks_.count; ++block) {
        for (int64_t plane = piece.plane; plane < planes; ++plane) {
          for (int64_t row = piece.row; row < rows; ++row) {
            slideRow(pattern, block, piece.sample, plane, row, source);
          }
        }
      }
    }
  }

  // Output row `row` of plane `plane`, both counted in the pattern.
  void slideRow(const Pattern& pattern, int64_t block, int64_t sample, int64_t plane, int64_t row,
                const Rows& source) const {
    const auto& [deep, high, wide] = pattern.axes;
    static thread_local std::vector<const void*> rows, weights;
    rows.clear();
    weights.clear();
    for (int64_t tapDeep = 0; tapDeep < deep->span(); ++tapDeep) {
      const int64_t inputPlane = deep->firstInput + plane * deep->inputStep + tapDeep;
      if (inputPlane < 0 || inputPlane >= input_.size[0]) continue;
      for (int64_t tapHigh = 0; tapHigh < high->span(); ++tapHigh) {
        const int64_t inputRow = high->firstInput + row * high->inputStep + tapHigh;
        if (inputRow < 0 || inputRow >= input_.size[1]) continue;
        rows.push_back(source.at(inputPlane, inputRow));
        weights.push_back(pattern.filter.row(block, tapDeep * high->span() + tapHigh));
      }
    }
    const int64_t outputPlane = deep->firstOutput + plane * deep->outputStep;
    const int64_t outputRow = high->firstOutput + row * high->outputStep;
    slideTiles(pattern, block, rows, weights,
               (sample * output_.size[0] + outputPlane) * output_.size[1] + outputRow);
  }

  void slideTiles(const Pattern& pattern, int64_t block, const std::vector<const void*>& rows,
                  const std::vector<const void*>& weights, int64_t outputRow) const {
    const Phase& wide = *pattern.axes[2];
    const auto& simd = kernels();
    const int64_t tiles = (wide.outputs + blocks_.longestTile - 1) / blocks_.longestTile;
    const int64_t firstChannel = block * blocks_.lanes;
    SlideTile tile;
    tile.rows = rows.data();
    tile.weights = weights.data();
    tile.rowCount = static_cast<int>(rows.size());
    tile.length = static_cast<int>(pattern.filter.rowLength());
    tile.rowStep = wide.inputStep * input_.channels;
    tile.bias = bias_.empty() ? nullptr : bias_.data() + firstChannel;
    tile.outputStep = wide.outputStep * output_.channels;
    tile.channels = static_cast<int>(std::min(blocks_.lanes, group_ * output_.channels - firstChannel));
    for (int64_t index = 0; index < tiles; ++index) {
      const int64_t first = wide.outputs * index / tiles;
      tile.positions = static_cast<int>(wide.outputs * (index + 1) / tiles - first);
      tile.firstInput = first * tile.rowStep;
      const int64_t column = wide.firstOutput + first * wide.outputStep;
      const int64_t at = (outputRow * output_.size[2] + column) * output_.channels + firstChannel;
      tile.output = static_cast<char*>(output_.values) + at * bytesOf(output_.storage);
      simd.slide(tile, blocks_.vectors, operands_, output_.storage);
    }
  }

  const Volume& input_;
  const Volume& output_;
  const Storage operands_;
  const int64_t group_;
  const Blocks blocks_;
  std::vector<float> bias_;
  std::vector<Sweep> sweeps_;
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
