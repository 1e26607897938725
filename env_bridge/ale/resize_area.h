#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dqnd {

// Shrinks 8-bit grey pictures as OpenCV's resize with INTER_AREA does: every target pixel is the
// mean of the source area under it. The result equals OpenCV's byte for byte, because the same
// float32 products are added in the same order (along a row first, then over the rows) and rounded
// half to even; integer arithmetic, though more exact, differs in ties.
//
// The weights of one pair of sizes are computed once, and Resize allocates nothing. Owned and
// called by one thread at a time.
class AreaResizer {
 public:
  // Sizes in pixels. Throws std::invalid_argument when the target is empty or larger than the
  // source in either direction, and when both scales are whole numbers: OpenCV treats those two
  // cases by other arithmetic, which is not here.
  AreaResizer(int source_height, int source_width, int target_height, int target_width);

  // REQUIRES: source is [source_height, source_width] and target [target_height, target_width].
  void Resize(std::span<const uint8_t> source, std::span<uint8_t> target);

 private:
  // The share of one source row in one target row.
  struct RowShare {
    int source_row = 0;
    int target_row = 0;
    float weight = 0;
  };

  void ShrinkRow(const uint8_t* source_row);
  template <int kTaps>
  void ShrinkRowWithTaps();

  int source_width_;
  int target_width_;
  std::vector<RowShare> row_shares_;    // by target row, then by source row
  int taps_ = 0;                        // source pixels under a target pixel, at most
  std::vector<int> first_tap_;          // [target_width]: the leftmost source pixel under it
  std::vector<float> tap_weights_;      // [target_width, taps]; 0 beyond the last pixel under it
  std::vector<float> source_pixels_;    // one source row, and zeros for the taps beyond its end
  std::vector<float> shrunk_row_;       // [target_width]: that row, shrunk
  std::vector<float> accumulated_row_;  // [target_width]: the target row so far
};

}  // namespace dqnd
