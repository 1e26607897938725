#include "env_bridge/ale/atari_preprocessing.h"

#include <algorithm>

namespace dqnd {

AtariPreprocessing::AtariPreprocessing(int screen_height, int screen_width, int screen_size,
                                       int frame_skip)
    : pools_(frame_skip > 1),
      newest_frame_(static_cast<size_t>(screen_height) * screen_width),
      second_newest_frame_(newest_frame_.size()),
      resizer_(screen_height, screen_width, screen_size, screen_size) {}

void AtariPreprocessing::PresentFirst() {
  std::fill(second_newest_frame_.begin(), second_newest_frame_.end(), uint8_t{0});
  Present();
}

void AtariPreprocessing::Present() {
  if (pools_) {
    std::transform(newest_frame_.begin(), newest_frame_.end(), second_newest_frame_.begin(),
                   newest_frame_.begin(),
                   [](uint8_t newest, uint8_t second) { return std::max(newest, second); });
  }
  resizer_.Shrink(newest_frame_);
}

void AtariPreprocessing::SaveState(ByteWriter& writer) const {
  writer.Array(std::span<const uint8_t>(newest_frame_));
  writer.Array(std::span<const uint8_t>(second_newest_frame_));
}

void AtariPreprocessing::LoadState(ByteReader& reader) {
  reader.Array(std::span<uint8_t>(newest_frame_));
  reader.Array(std::span<uint8_t>(second_newest_frame_));
  // The newest frame was pooled when it was saved, so that presenting it again changes nothing.
  resizer_.Shrink(newest_frame_);
}

}  // namespace dqnd
