#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "viewer/client/moment_decoder.h"
#include "viewer/client/recording.h"

namespace dqnd {

// A recording with a playhead. Knows no clock: whoever plays says how much time has passed.
//
// Owned and called by one thread.
class RecordingPlayer {
 public:
  // At the first moment, standing still. Throws std::runtime_error as RecordingReader does, and
  // when the first moment cannot be decoded.
  explicit RecordingPlayer(const std::filesystem::path& path);

  const RecordingReader& recording() const { return reader_; }
  bool playing() const { return playing_; }
  double speed() const { return speed_; }
  size_t moment() const { return position_; }
  int64_t time_microseconds() const { return time_microseconds_; }
  bool at_end() const { return position_ + 1 == reader_.moments(); }

  // From the end begins again at the start.
  void Play();
  void Pause() { playing_ = false; }
  // 1 is as it was recorded; held to 1/8 to 32.
  void SetSpeed(double speed);
  // Jumps; stays paused or playing.
  void SeekTime(int64_t time_microseconds);
  void SeekMoment(size_t moment);  // REQUIRES: moment < recording().moments()
  // To the next or last moment, standing still.
  void StepMoment(int direction);

  // So much real time has passed. Stops at the end.
  void Advance(double seconds);
  // Real time until there is another moment to show; absent when it stands still.
  std::optional<double> seconds_until_next() const;

  // What the playhead shows, and the env_steps that were not shown since the moment before. A
  // moment that cannot be decoded is passed over; remark() then says that there was one.
  const DecodedMoment& shown() const { return *shown_; }
  // What is wrong with this file as far as it was played, in a sentence; empty: nothing.
  std::string remark() const;

 private:
  void MoveTo(size_t moment);

  RecordingReader reader_;
  MomentDecoder decoder_;
  std::optional<DecodedMoment> shown_;  // present once it is made
  size_t position_ = 0;
  int64_t time_microseconds_ = 0;
  double speed_ = 1;
  bool playing_ = false;
  bool damaged_ = false;
};

}  // namespace dqnd
