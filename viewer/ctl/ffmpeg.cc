#include "viewer/ctl/ffmpeg.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace dqnd {
namespace {

constexpr const char* kProgram = "ffmpeg";
constexpr size_t kLastLines = 4;

std::string ErrorText(int error) {
  return std::generic_category().message(error);
}

std::runtime_error NotInstalled() {
  return std::runtime_error(
      "there is no program ffmpeg in PATH: install it (Debian: apt install ffmpeg), or record a "
      ".dqnrec file, which needs none");
}

// How a file of that kind is encoded: sharp, and playable everywhere.
std::vector<std::string> EncoderArguments(const std::filesystem::path& path) {
  const std::string kind = path.extension();
  if (kind == ".gif") {
    // A palette of the video's own; without one, GIF's colours are coarse.
    return {"-vf", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none", "-f", "gif"};
  }
  if (kind == ".webm") {
    return {"-c:v",     "libvpx-vp9", "-crf", "30",       "-b:v",    "0",  "-deadline",
            "realtime", "-cpu-used",  "6",    "-pix_fmt", "yuv420p", "-f", "webm"};
  }
  return {"-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4"};
}

}  // namespace

bool FfmpegVideo::MakesFile(const std::filesystem::path& path) {
  const std::string kind = path.extension();
  return kind == ".mp4" || kind == ".webm" || kind == ".gif";
}

void FfmpegVideo::CheckInstalled() {
  const char* path = std::getenv("PATH");
  std::string_view left = path == nullptr ? "" : path;
  while (!left.empty()) {
    const std::string_view folder = left.substr(0, left.find(':'));
    left.remove_prefix(std::min(left.size(), folder.size() + 1));
    if (access((std::filesystem::path(folder) / kProgram).c_str(), X_OK) == 0) return;
  }
  throw NotInstalled();
}

double FfmpegVideo::MostFramesPerSecond(const std::filesystem::path& path) {
  return path.extension() == ".gif" ? 50 : 240;
}

FfmpegVideo::FfmpegVideo(const Options& options)
    : options_(options), unfinished_path_(options.path.string() + ".part"), said_(std::tmpfile()) {
  if (said_ == nullptr) {
    throw std::runtime_error(
        fmt::format("cannot make a temporary file for ffmpeg: {}", ErrorText(errno)));
  }
  // "file:", or a colon in the name would be taken for a protocol's.
  std::vector<std::string> arguments = {
      kProgram,    "-hide_banner",
      "-loglevel", "error",
      "-nostdin",  "-y",
      "-f",        "rawvideo",
      "-pix_fmt",  "rgb24",
      "-s:v",      fmt::format("{}x{}", options.width, options.height),
      "-r",        fmt::format("{}", options.frames_per_second),
      "-i",        "pipe:0",
      "-an"};
  for (std::string& each : EncoderArguments(options.path)) arguments.push_back(std::move(each));
  arguments.push_back("file:" + unfinished_path_.string());
  Start(arguments);
}

void FfmpegVideo::Start(const std::vector<std::string>& arguments) {
  std::array<int, 2> pipe_ends;
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error(fmt::format("cannot talk to ffmpeg: {}", ErrorText(errno)));
  }
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, pipe_ends[0], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, fileno(said_.get()), STDERR_FILENO);
  // A process group of its own, so that Ctrl-C ends the frames and not the video; and the signals
  // that programs expect.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t pipe_signal;
  sigemptyset(&none);
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  const int error = posix_spawnp(&process_, kProgram, &files, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  close(pipe_ends[0]);
  input_ = pipe_ends[1];
  if (error == 0) return;
  process_ = -1;
  close(std::exchange(input_, -1));
  if (error == ENOENT) throw NotInstalled();
  throw std::runtime_error(fmt::format("cannot start ffmpeg: {}", ErrorText(error)));
}

FfmpegVideo::~FfmpegVideo() {
  if (process_ == -1) return;
  kill(process_, SIGKILL);
  Wait();
  std::error_code ignored;
  std::filesystem::remove(unfinished_path_, ignored);
}

void FfmpegVideo::Write(std::span<const uint8_t> pixels) {
  while (!pixels.empty()) {
    const ssize_t written = write(input_, pixels.data(), pixels.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) Fail();
    pixels = pixels.subspan(static_cast<size_t>(written));
  }
}

void FfmpegVideo::Close() {
  if (Wait() != 0) Fail();
  std::error_code error;
  std::filesystem::rename(unfinished_path_, options_.path, error);
  if (error) {
    throw std::runtime_error(
        fmt::format("cannot write {}: {}", options_.path.string(), error.message()));
  }
}

int FfmpegVideo::Wait() {
  if (input_ != -1) close(std::exchange(input_, -1));
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string FfmpegVideo::LastLines() const {
  if (std::fseek(said_.get(), 0, SEEK_SET) != 0) return {};
  std::deque<std::string> lines(1);
  for (int c = std::fgetc(said_.get()); c != EOF; c = std::fgetc(said_.get())) {
    if (c != '\n' && c != '\r') {
      lines.back() += static_cast<char>(c);
    } else if (!lines.back().empty()) {
      lines.emplace_back();
      if (lines.size() > kLastLines + 1) lines.pop_front();
    }
  }
  if (lines.back().empty()) lines.pop_back();
  std::string text;
  for (const std::string& line : lines) text += fmt::format("\n  {}", line);
  return text;
}

void FfmpegVideo::Fail() {
  if (process_ != -1) Wait();
  std::error_code ignored;
  std::filesystem::remove(unfinished_path_, ignored);
  throw std::runtime_error(fmt::format("ffmpeg could not make {}{}{}", options_.path.string(),
                                       LastLines().empty() ? " and did not say why" : ":",
                                       LastLines()));
}

}  // namespace dqnd
