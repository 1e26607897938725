#include "viewer/client/recording_player.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace dqnd {
namespace {

constexpr double kSlowest = 1.0 / 8;
constexpr double kFastest = 32;

}  // namespace

RecordingPlayer::RecordingPlayer(const std::filesystem::path& path) : reader_(path) {
  shown_ = decoder_.Decode(reader_.Read(0));
}

void RecordingPlayer::Play() {
  if (at_end()) SeekMoment(0);
  playing_ = true;
}

void RecordingPlayer::SetSpeed(double speed) {
  speed_ = std::clamp(speed, kSlowest, kFastest);
}

void RecordingPlayer::SeekTime(int64_t time_microseconds) {
  time_microseconds_ = std::clamp<int64_t>(time_microseconds, 0, reader_.duration_microseconds());
  MoveTo(reader_.MomentAt(time_microseconds_));
}

void RecordingPlayer::SeekMoment(size_t moment) {
  time_microseconds_ = reader_.time_microseconds(moment);
  MoveTo(moment);
}

void RecordingPlayer::StepMoment(int direction) {
  playing_ = false;
  if (direction > 0 && !at_end()) SeekMoment(position_ + 1);
  if (direction < 0 && position_ > 0) SeekMoment(position_ - 1);
}

void RecordingPlayer::Advance(double seconds) {
  if (!playing_) return;
  SeekTime(time_microseconds_ + static_cast<int64_t>(seconds * speed_ * 1e6));
  if (at_end()) playing_ = false;
}

std::optional<double> RecordingPlayer::seconds_until_next() const {
  if (!playing_ || at_end()) return std::nullopt;
  const int64_t left = reader_.time_microseconds(position_ + 1) - time_microseconds_;
  return std::max(0.0, static_cast<double>(left) / 1e6 / speed_);
}

std::string RecordingPlayer::remark() const {
  std::string file =
      reader_.remark().empty() ? "" : fmt::format("This file is {}", reader_.remark());
  if (!damaged_) return file;
  return fmt::format("{}{}Some pictures of this recording are damaged", file,
                     file.empty() ? "" : ". ");
}

void RecordingPlayer::MoveTo(size_t moment) {
  if (moment == position_) return;
  size_t next = reader_.KeyBefore(moment);
  // Further on from here is nearer than from the key picture.
  if (position_ < moment && position_ >= next) next = position_ + 1;
  const bool from_key = next != position_ + 1;
  v1::StepSummary ignored;
  for (; next <= moment; ++next) {
    try {
      DecodedMoment decoded = decoder_.Decode(reader_.Read(next));
      // Behind a jump nothing of before is true any more.
      if (from_key && decoded.picture != nullptr && next == reader_.KeyBefore(moment)) {
        shown_ = std::move(decoded);
      } else {
        Supersede(shown_, std::move(decoded), ignored);
      }
    } catch (const DamagedPicture&) {
      damaged_ = true;
    }
  }
  position_ = moment;
}

}  // namespace dqnd
