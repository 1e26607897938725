#include "viewer/window/delay_log.h"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace dqnd {

DelayLog::DelayLog(const std::filesystem::path& path) : file_(path) {
  file_ << "unix_nanoseconds,delay_milliseconds" << std::endl;
  if (!file_) throw std::runtime_error(fmt::format("cannot write {}", path.string()));
}

void DelayLog::Drawn(int64_t unix_nanoseconds) {
  if (unix_nanoseconds != presented_) drawn_ = unix_nanoseconds;
}

void DelayLog::Presented() {
  if (!drawn_) return;
  presented_ = *std::exchange(drawn_, std::nullopt);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto delay = std::chrono::nanoseconds(now) - std::chrono::nanoseconds(presented_);
  file_ << fmt::format("{},{:.3f}\n", presented_,
                       std::chrono::duration<double, std::milli>(delay).count());
}

}  // namespace dqnd
