#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "dqnd/v1/moment.pb.h"
#include "dqnd/v1/recording.pb.h"
#include "viewer/client/picture_decoder.h"

namespace dqnd {

// Where `dqnctl record` writes to: a .dqnrec file or a video.
//
// Used by one thread at a time.
class RecordingTarget {
 public:
  struct Options {
    std::filesystem::path path;
    double speed = 1;      // 2: what took two seconds of the game takes one
    bool overlay = false;  // of videos
  };

  // By the ending of `path`. Throws std::invalid_argument when it is none of .dqnrec, .mp4, .webm
  // and .gif, when the file exists, or when a .dqnrec is asked for an overlay; std::runtime_error
  // when ffmpeg is needed and missing. The file begins with the first moment.
  static std::unique_ptr<RecordingTarget> Make(const Options& options,
                                               const v1::RecordingHeader& header);

  virtual ~RecordingTarget() = default;

  // The newest moment of a stream, which `pictures` has decoded. `time_microseconds` is the game's,
  // and ascends. Throws std::runtime_error.
  virtual void Write(int64_t time_microseconds, const v1::Moment& moment,
                     const PictureDecoder& pictures) = 0;

  // Completes the file, if there is anything in it. Throws std::runtime_error. Without Close, no
  // half video is left.
  virtual void Close() = 0;
};

}  // namespace dqnd
