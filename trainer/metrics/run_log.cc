#include "trainer/metrics/run_log.h"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dqnd {
namespace {

class ConsoleTableSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleTableSink(ConsoleTable& console) : console_(console) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string_view line(text.data(), text.size());
    if (line.ends_with('\n')) line.remove_suffix(1);
    console_.PrintLine(line);
  }

  void flush_() override {}  // PrintLine keeps nothing back

  ConsoleTable& console_;
};

class FeedSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FeedSink(RunFeed& feed) : feed_(feed) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto since_1970 = message.time.time_since_epoch();
    feed_.Add(LogLine{.unix_seconds = std::chrono::duration<double>(since_1970).count(),
                      .level = message.level >= spdlog::level::err    ? LogLevel::kError
                               : message.level >= spdlog::level::warn ? LogLevel::kWarning
                                                                      : LogLevel::kInfo,
                      .text = std::string(message.payload.data(), message.payload.size())});
  }

  void flush_() override {}

  RunFeed& feed_;
};

std::shared_ptr<spdlog::sinks::sink> FileSink(const std::filesystem::path& path,
                                              const RunLogOptions& options) {
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        path.string(), options.max_file_bytes, options.max_files - 1);
    sink->set_pattern("%Y-%m-%d %H:%M:%S.%e %-7l %v");
    return sink;
  } catch (const spdlog::spdlog_ex& error) {
    throw std::runtime_error(
        fmt::format("cannot open the log {}: {}", path.string(), error.what()));
  }
}

}  // namespace

std::shared_ptr<spdlog::logger> MakeRunLog(const std::filesystem::path& run_folder,
                                           ConsoleTable& console, const RunLogOptions& options) {
  auto console_sink = std::make_shared<ConsoleTableSink>(console);
  console_sink->set_pattern("%H:%M:%S %-7l %v");
  std::vector<spdlog::sink_ptr> sinks = {FileSink(run_folder / kLogFile, options), console_sink};
  if (options.feed != nullptr) sinks.push_back(std::make_shared<FeedSink>(*options.feed));
  auto log = std::make_shared<spdlog::logger>("dqnd", sinks.begin(), sinks.end());
  log->flush_on(spdlog::level::info);
  auto said = std::make_shared<std::atomic<bool>>(false);
  log->set_error_handler([&console, said](const std::string& error) {
    if (!said->exchange(true)) {
      console.PrintLine("the log is no longer written: " + error);
    }
  });
  return log;
}

}  // namespace dqnd
