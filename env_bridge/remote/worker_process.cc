#include "env_bridge/remote/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

namespace dqnd {
namespace {

constexpr int kWorkersEnd = 3;  // of the sockets, as the worker's file descriptor
constexpr size_t kLastBytes = 4096;
constexpr int kLastLines = 6;
constexpr int kMostParts = 64;  // of kLastBytes, at a time
constexpr std::chrono::seconds kGrace{2};

std::string ErrnoText(int error) {
  return std::generic_category().message(error);
}

// In the child. This program has threads, so that nothing but system calls may come before exec.
[[noreturn]] void BecomeWorker(char* const* arguments, int socket, int said, int failure) {
  ::dup2(said, STDOUT_FILENO);
  ::dup2(said, STDERR_FILENO);
  // What lies at the worker's end may be the way to tell a failure.
  const int told = ::fcntl(failure, F_DUPFD_CLOEXEC, kWorkersEnd + 1);
  if (socket == kWorkersEnd) {
    ::fcntl(socket, F_SETFD, 0);
  } else {
    ::dup2(socket, kWorkersEnd);
  }
  ::execvp(arguments[0], arguments);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(told, &error, sizeof error);
  ::_exit(127);
}

// The last lines of what a worker wrote.
std::string LastLines(const std::string& text) {
  size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return "";
  size_t begin = end;
  for (int line = 0; line < kLastLines && begin != std::string::npos && begin > 0; ++line) {
    begin = text.rfind('\n', begin - 1);
  }
  begin = begin == std::string::npos || begin == 0 ? 0 : begin + 1;
  return text.substr(begin, end + 1 - begin);
}

}  // namespace

WorkerProcess::WorkerProcess(const std::string& program, std::stop_token give_up)
    : give_up_(std::move(give_up)) {
  std::array<int, 2> sockets, said, failure;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0 ||
      ::pipe2(said.data(), O_CLOEXEC) != 0 || ::pipe2(failure.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error(fmt::format("no worker can be started: {}", ErrnoText(errno)));
  }
  std::string name = program, play = "play", option = "--fd", number = std::to_string(kWorkersEnd);
  char* const arguments[] = {name.data(), play.data(), option.data(), number.data(), nullptr};
  process_ = ::fork();
  if (process_ == 0) BecomeWorker(arguments, sockets[1], said[1], failure[1]);
  int error = process_ < 0 ? errno : 0;
  for (const int theirs : {sockets[1], said[1], failure[1]}) ::close(theirs);
  while (::read(failure[0], &error, sizeof error) < 0 && errno == EINTR) {
  }
  ::close(failure[0]);
  socket_ = sockets[0];
  said_ = said[0];
  ::fcntl(said_, F_SETFL, O_NONBLOCK);
  if (error == 0) return;
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
  ::close(socket_);
  ::close(said_);
  throw std::invalid_argument(fmt::format(
      "\"{}\", which plays Python environments, cannot be started: {}. Install it (pip install "
      "./env_bridge/python in a checkout of dqnd), and name it in environment.worker where it is "
      "not in PATH",
      program, ErrnoText(error)));
}

WorkerProcess::~WorkerProcess() {
  ::close(socket_);  // which tells it to end
  const auto end = Clock::now() + kGrace;
  while (process_ > 0 && Clock::now() < end) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    if (process_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  if (said_ >= 0) ::close(said_);
}

void WorkerProcess::Send(const v1::PlayGamesRequest& request) {
  const size_t size = request.ByteSizeLong();
  buffer_.resize(sizeof(uint32_t) + size);
  const auto length = static_cast<uint32_t>(size);
  std::memcpy(buffer_.data(), &length, sizeof length);
  request.SerializeWithCachedSizesToArray(
      reinterpret_cast<uint8_t*>(buffer_.data() + sizeof length));
  for (size_t sent = 0; sent < buffer_.size();) {
    const ssize_t more =
        ::send(socket_, buffer_.data() + sent, buffer_.size() - sent, MSG_NOSIGNAL);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) Lose(HowItEnded());
    sent += static_cast<size_t>(more);
  }
}

void WorkerProcess::Receive(v1::PlayGamesResponse& response, Clock::time_point deadline) {
  uint32_t length = 0;
  Patience patience(deadline, give_up_);
  Read(reinterpret_cast<char*>(&length), sizeof length, patience);
  if (length > kLargestMessage) Lose(fmt::format("it announced a message of {} bytes", length));
  buffer_.resize(length);
  Read(buffer_.data(), length, patience);
  if (!response.ParseFromString(buffer_)) Lose("its answer is no message of dqnd.v1");
}

int64_t WorkerProcess::resident_bytes() const {
  std::ifstream pages(fmt::format("/proc/{}/statm", process_));
  int64_t size = 0, resident = 0;
  return pages >> size >> resident ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

void WorkerProcess::Read(char* bytes, size_t size, Patience& patience) {
  while (size > 0) {
    std::array<pollfd, 2> waiting = {{{.fd = socket_, .events = POLLIN, .revents = 0},
                                      {.fd = said_, .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), Patience::kLook.count());
    if (ready < 0 && errno != EINTR) Lose(ErrnoText(errno));
    if ((ready <= 0 || waiting[0].revents == 0) && patience.IsOver()) {
      Lose("it did not answer in time");
    }
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) Listen();
    if (waiting[0].revents == 0) continue;
    const ssize_t more = ::recv(socket_, bytes, size, 0);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) Lose(HowItEnded());
    bytes += more;
    size -= static_cast<size_t>(more);
  }
}

// Takes what the worker has written, and keeps the end of it.
void WorkerProcess::Listen() {
  std::array<char, kLastBytes> bytes;
  ssize_t size = 1;
  for (int part = 0; part < kMostParts && size > 0; ++part) {  // it may write faster than we read
    size = ::read(said_, bytes.data(), bytes.size());
    if (size <= 0) break;
    last_words_.append(bytes.data(), static_cast<size_t>(size));
    if (last_words_.size() > kLastBytes) last_words_.erase(0, last_words_.size() - kLastBytes);
  }
  if (size == 0) ::close(std::exchange(said_, -1));  // nothing more will come
}

std::string WorkerProcess::HowItEnded() {
  int status = 0;
  const auto end = Clock::now() + kGrace;
  while (::waitpid(process_, &status, WNOHANG) != process_) {
    if (Clock::now() > end) return "it closed the connection";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  process_ = -1;
  return WIFSIGNALED(status) ? fmt::format("it was ended by signal {}", WTERMSIG(status))
                             : fmt::format("it ended with status {}", WEXITSTATUS(status));
}

void WorkerProcess::Lose(const std::string& how) {
  if (said_ >= 0) Listen();
  if (process_ > 0) ::kill(process_, SIGKILL);
  const std::string lines = LastLines(last_words_);
  throw WorkerLost(lines.empty() ? how : fmt::format("{}; its last lines: {}", how, lines));
}

}  // namespace dqnd
