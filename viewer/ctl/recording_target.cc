#include "viewer/ctl/recording_target.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "viewer/client/recording.h"
#include "viewer/ctl/ffmpeg.h"
#include "viewer/ctl/frame_pacer.h"
#include "viewer/ctl/game_clock.h"
#include "viewer/ctl/video_frame.h"

namespace dqnd {
namespace {

class RecordingFile final : public RecordingTarget {
 public:
  RecordingFile(const Options& options, const v1::RecordingHeader& header)
      : options_(options), writer_(options.path, header) {}

  void Write(int64_t time_microseconds, const v1::Moment& moment,
             const PictureDecoder& pictures) override {
    writer_.Write(std::llround(static_cast<double>(time_microseconds) / options_.speed), moment,
                  pictures);
  }

  void Close() override { writer_.Close(); }

 private:
  const Options options_;
  RecordingWriter writer_;
};

class Video final : public RecordingTarget {
 public:
  Video(const Options& options, const v1::EnvironmentSpec& environment)
      : options_(options),
        environment_(environment),
        frames_per_second_(
            std::min(FramesPerSecond(environment), FfmpegVideo::MostFramesPerSecond(options.path))),
        pacer_(frames_per_second_, options.speed) {}

  void Write(int64_t time_microseconds, const v1::Moment& moment,
             const PictureDecoder& pictures) override {
    if (!pictures.has_picture()) return;
    if (ffmpeg_ == nullptr) Begin(pictures.picture());
    Show(pacer_.FramesUntil(time_microseconds));
    if (moment.has_picture()) picture_ = ToRgba(pictures.picture());
    if (game_is_over_) {
      ++panel_.game;
      panel_.step.reset();
    }
    game_is_over_ = moment.step().game_over();
    if (moment.has_step()) panel_.step = moment.step();
    is_drawn_ = false;
  }

  void Close() override {
    if (ffmpeg_ == nullptr) return;
    Show(pacer_.FramesAtEnd());
    ffmpeg_->Close();
  }

 private:
  void Begin(const DecodedPicture& picture) {
    frame_ =
        std::make_unique<VideoFrame>(environment_, picture.width, picture.height, options_.overlay);
    ffmpeg_ = std::make_unique<FfmpegVideo>(
        FfmpegVideo::Options{.path = options_.path,
                             .width = frame_->width(),
                             .height = frame_->height(),
                             .frames_per_second = frames_per_second_});
  }

  // The newest picture, in so many frames of the video.
  void Show(int64_t frames) {
    for (; frames > 0; --frames) {
      if (!is_drawn_) pixels_ = &frame_->Draw(picture_, panel_).pixels();
      is_drawn_ = true;
      ffmpeg_->Write(*pixels_);
    }
  }

  const Options options_;
  const v1::EnvironmentSpec environment_;
  const double frames_per_second_;
  FramePacer pacer_;
  // From the first picture on.
  std::unique_ptr<VideoFrame> frame_;
  std::unique_ptr<FfmpegVideo> ffmpeg_;
  RgbaPicture picture_;
  PanelState panel_;
  bool game_is_over_ = false;
  bool is_drawn_ = false;                         // picture_ and panel_ are in pixels_
  const std::vector<uint8_t>* pixels_ = nullptr;  // of frame_
};

}  // namespace

std::unique_ptr<RecordingTarget> RecordingTarget::Make(const Options& options,
                                                       const v1::RecordingHeader& header) {
  const bool is_recording = options.path.extension() == ".dqnrec";
  if (!is_recording && !FfmpegVideo::MakesFile(options.path)) {
    throw std::invalid_argument(
        fmt::format("{} is to be what? Give a name that ends in .dqnrec, .mp4, .webm or .gif",
                    options.path.string()));
  }
  if (is_recording && options.overlay) {
    throw std::invalid_argument(
        "--overlay is for videos: a .dqnrec holds the Q-values as numbers, and viewers draw them");
  }
  std::error_code ignored;
  if (std::filesystem::exists(options.path, ignored)) {
    throw std::invalid_argument(
        fmt::format("{} is there already; move it, or give another name", options.path.string()));
  }
  if (is_recording) return std::make_unique<RecordingFile>(options, header);
  FfmpegVideo::CheckInstalled();
  return std::make_unique<Video>(options, header.environment());
}

}  // namespace dqnd
