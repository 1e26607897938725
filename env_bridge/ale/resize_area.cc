#include "env_bridge/ale/resize_area.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace dqnd {
namespace {

struct Share {
  int source = 0;
  int target = 0;
  float weight = 0;
};

// Which source pixels lie under each target pixel along one axis, and what part of the target pixel
// each makes up. Covers below a thousandth of a source pixel count as none, as in OpenCV.
std::vector<Share> SharesAlongAxis(int source_size, int target_size) {
  constexpr double kSmallestCover = 1e-3;
  const double scale = static_cast<double>(source_size) / target_size;
  std::vector<Share> shares;
  for (int target = 0; target < target_size; ++target) {
    const double begin = target * scale;
    const double end = begin + scale;
    const double covered = std::min(scale, source_size - begin);
    const int whole_end = std::min(static_cast<int>(std::floor(end)), source_size - 1);
    const int whole_begin = std::min(static_cast<int>(std::ceil(begin)), whole_end);
    const auto add = [&](int source, double cover) {
      shares.push_back({source, target, static_cast<float>(cover / covered)});
    };
    if (whole_begin - begin > kSmallestCover) add(whole_begin - 1, whole_begin - begin);
    for (int source = whole_begin; source < whole_end; ++source) add(source, 1.0);
    if (end - whole_end > kSmallestCover) {
      add(whole_end, std::min({end - whole_end, 1.0, covered}));
    }
  }
  return shares;
}

// Rounds half to even; REQUIRES: 0 <= value < 256. Adding 1.5 * 2^23 leaves the rounded value in
// the lowest bits of the mantissa, which compilers vectorize where they would call lrint otherwise.
uint8_t RoundToByte(float value) {
  return static_cast<uint8_t>(std::bit_cast<uint32_t>(value + 12582912.0f));
}

}  // namespace

AreaResizer::AreaResizer(int source_height, int source_width, int target_height, int target_width)
    : source_width_(source_width), target_width_(target_width) {
  if (target_height < 1 || target_width < 1 || target_height > source_height ||
      target_width > source_width) {
    throw std::invalid_argument(
        fmt::format("cannot shrink a picture of {} x {} pixels (width x height) to {} x {}; the "
                    "target must have from 1 pixel to as many as the source in each direction",
                    source_width, source_height, target_width, target_height));
  }
  if (source_height % target_height == 0 && source_width % target_width == 0) {
    throw std::invalid_argument(
        fmt::format("cannot shrink a picture of {} x {} pixels (width x height) to {} x {}: both "
                    "scales are whole numbers, which is not supported; choose another target size",
                    source_width, source_height, target_width, target_height));
  }

  for (const Share& share : SharesAlongAxis(source_height, target_height)) {
    row_shares_.push_back({share.source, share.target, share.weight});
  }

  const std::vector<Share> shares = SharesAlongAxis(source_width, target_width);
  std::vector<int> taps(target_width, 0);
  first_tap_.resize(target_width);
  for (const Share& share : shares) {
    if (taps[share.target]++ == 0) first_tap_[share.target] = share.source;
  }
  taps_ = *std::max_element(taps.begin(), taps.end());
  tap_weights_.assign(static_cast<size_t>(target_width) * taps_, 0.0f);
  for (const Share& share : shares) {
    const int tap = share.source - first_tap_[share.target];
    tap_weights_[static_cast<size_t>(share.target) * taps_ + tap] = share.weight;
  }
  source_.resize(static_cast<size_t>(source_height) * source_width);
  changed_.resize(source_height);
  shrunk_.resize(static_cast<size_t>(target_height) * target_width);
  source_pixels_.assign(source_width + taps_, 0.0f);
  shrunk_row_.resize(target_width);
  accumulated_row_.resize(target_width);
}

void AreaResizer::Shrink(std::span<const uint8_t> source) {
  TakeIn(source);
  int in_shrunk_row = -1;
  for (size_t begin = 0, end = 0; begin < row_shares_.size(); begin = end) {
    const int target_row = row_shares_[begin].target_row;
    bool is_new = false;
    for (; end < row_shares_.size() && row_shares_[end].target_row == target_row; ++end) {
      is_new |= changed_[row_shares_[end].source_row] != 0;
    }
    if (!is_new) continue;
    std::fill(accumulated_row_.begin(), accumulated_row_.end(), 0.0f);
    for (size_t i = begin; i < end; ++i) {
      const RowShare& share = row_shares_[i];
      if (share.source_row != in_shrunk_row) {
        ShrinkRow(source_.data() + static_cast<size_t>(share.source_row) * source_width_);
        in_shrunk_row = share.source_row;
      }
      for (int x = 0; x < target_width_; ++x) accumulated_row_[x] += share.weight * shrunk_row_[x];
    }
    uint8_t* out = shrunk_.data() + static_cast<size_t>(target_row) * target_width_;
    for (int x = 0; x < target_width_; ++x) out[x] = RoundToByte(accumulated_row_[x]);
  }
}

void AreaResizer::TakeIn(std::span<const uint8_t> source) {
  assert(source.size() == source_.size());
  for (size_t row = 0; row < changed_.size(); ++row) {
    const size_t begin = row * source_width_;
    changed_[row] = std::memcmp(&source_[begin], &source[begin], source_width_) != 0;
    if (changed_[row]) std::memcpy(&source_[begin], &source[begin], source_width_);
  }
}

void AreaResizer::ShrinkRow(const uint8_t* source_row) {
  std::copy(source_row, source_row + source_width_, source_pixels_.begin());
  switch (taps_) {
    case 2:
      return ShrinkRowWithTaps<2>();
    case 3:
      return ShrinkRowWithTaps<3>();  // 160 to 84 pixels
    default:
      return ShrinkRowWithTaps<0>();
  }
}

// kTaps == taps_, or 0 where no unrolled version is worth its code.
template <int kTaps>
void AreaResizer::ShrinkRowWithTaps() {
  const int taps = kTaps > 0 ? kTaps : taps_;
  const float* pixels = source_pixels_.data();
  const float* weights = tap_weights_.data();
  for (int x = 0; x < target_width_; ++x, weights += taps) {
    const float* first = pixels + first_tap_[x];
    float sum = first[0] * weights[0];
    for (int tap = 1; tap < taps; ++tap) sum += first[tap] * weights[tap];
    shrunk_row_[x] = sum;
  }
}

}  // namespace dqnd
