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
// The weights of one pair of sizes are computed once, and Shrink allocates nothing. Of a game's
// pictures most rows stand still: a target row is computed when a source row under it is another
// than in the picture before. Owned and called by one thread at a time.
class AreaResizer {
 public:
  // Sizes in pixels. Throws std::invalid_argument when the target is empty or larger than the
  // source in either direction, and when both scales are whole numbers: OpenCV treats those two
  // cases by other arithmetic, which is not here.
  AreaResizer(int source_height, int source_width, int target_height, int target_width);

  // REQUIRES: source is [source_height, source_width].
  void Shrink(std::span<const uint8_t> source);

  // [target_height, target_width]: what the last picture came to; black before the first.
  std::span<const uint8_t> shrunk() const { return shrunk_; }

 private:
  // The share of one source row in one target row.
  struct RowShare {
    int source_row = 0;
    int target_row = 0;
    float weight = 0;
  };

  void TakeIn(std::span<const uint8_t> source);
  void ShrinkRow(const uint8_t* source_row);
  template <int kTaps>
  void ShrinkRowWithTaps();

  int source_width_;
  int target_width_;
  std::vector<RowShare> row_shares_;    // by target row, then by source row
  int taps_ = 0;                        // source pixels under a target pixel, at most
  std::vector<int> first_tap_;          // [target_width]: the leftmost source pixel under it
  std::vector<float> tap_weights_;      // [target_width, taps]; 0 beyond the last pixel under it
  std::vector<uint8_t> source_;         // [source_height, source_width]: the last picture
  std::vector<char> changed_;           // [source_height]: whether the one before had another row
  std::vector<uint8_t> shrunk_;         // [target_height, target_width]
  std::vector<float> source_pixels_;    // one source row, and zeros for the taps beyond its end
  std::vector<float> shrunk_row_;       // [target_width]: that row, shrunk
  std::vector<float> accumulated_row_;  // [target_width]: the target row so far
};

}  // namespace dqnd
