#pragma once

#include <spdlog/logger.h>

#include <cstddef>
#include <filesystem>
#include <memory>

#include "env_bridge/watch/run_feed.h"
#include "trainer/metrics/console_table.h"

namespace dqnd {

struct RunLogOptions {
  size_t max_file_bytes = 10 << 20;
  size_t max_files = 5;     // the newest included; at least 1
  RunFeed* feed = nullptr;  // where lines go as well, for clients; it must outlive the logger
};

// Its name in the run folder.
inline constexpr const char* kLogFile = "dqnd.log";

// The log of a run: `run_folder`/dqnd.log (older parts dqnd.1.log, dqnd.2.log, ...) with date, time
// and level, each line handed to the operating system at once from level info up; and the console,
// through `console`, so that lines and table do not tear each other. The log is the one file of a
// run that is not written through FileSystem: nothing reads it back, and a log that cannot be
// written (a full disk) is said once on the console and stops nothing.
//
// The logger is not registered with spdlog. Any thread may log. Throws std::runtime_error when the
// file cannot be opened. `console` must outlive the logger.
std::shared_ptr<spdlog::logger> MakeRunLog(const std::filesystem::path& run_folder,
                                           ConsoleTable& console,
                                           const RunLogOptions& options = {});

}  // namespace dqnd
