#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace dqnd {

// A video file that the program ffmpeg, found in PATH, makes of raw frames. The file appears under
// its name when it is complete; until then, and after a failure, there is none.
//
// Owned and called by one thread. REQUIRES: the program ignores SIGPIPE.
class FfmpegVideo {
 public:
  struct Options {
    std::filesystem::path path;  // ends in .mp4, .webm or .gif
    int width = 0;               // pixels; even
    int height = 0;              // pixels; even
    double frames_per_second = 30;
  };

  // Whether a file of this name is one that ffmpeg makes here.
  static bool MakesFile(const std::filesystem::path& path);
  // Throws std::runtime_error when there is no program ffmpeg in PATH.
  static void CheckInstalled();
  // What a video of this kind plays at best: GIF counts in hundredths of a second.
  static double MostFramesPerSecond(const std::filesystem::path& path);

  // Starts ffmpeg, which no Ctrl-C reaches. Throws std::runtime_error.
  explicit FfmpegVideo(const Options& options);
  FfmpegVideo(const FfmpegVideo&) = delete;
  FfmpegVideo& operator=(const FfmpegVideo&) = delete;
  // Without Close: ends ffmpeg and leaves nothing behind.
  ~FfmpegVideo();

  // One frame: [height, width, 3] red, green, blue. Throws std::runtime_error with ffmpeg's last
  // lines when it gave up.
  void Write(std::span<const uint8_t> pixels);

  // Waits until ffmpeg is done, and gives the file its name. Throws as Write does.
  void Close();

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void Start(const std::vector<std::string>& arguments);
  // Ends the conversation; ffmpeg's exit status, -1 when a signal ended it.
  int Wait();
  std::string LastLines() const;
  [[noreturn]] void Fail();

  const Options options_;
  const std::filesystem::path unfinished_path_;
  std::unique_ptr<std::FILE, CloseFile> said_;  // what ffmpeg writes to standard error
  int input_ = -1;                              // ffmpeg's standard input
  pid_t process_ = -1;                          // -1: there is none
};

}  // namespace dqnd
