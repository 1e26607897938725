#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "viewer/client/connection.h"
#include "viewer/client/watch_client.h"
#include "viewer/ctl/commands.h"
#include "viewer/ctl/message_json.h"
#include "viewer/ctl/reach.h"
#include "viewer/ctl/status_table.h"
#include "viewer/ctl/terminal.h"

namespace dqnd {
namespace {

constexpr int kColumnsOfFiles = 120;

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The table in its place, which begins where the cursor was at first.
class LiveTable {
 public:
  void Draw(const v1::RunDescription& description, const v1::RunState& state) {
    const TerminalSize size = SizeOfTerminal(STDOUT_FILENO).value_or(TerminalSize());
    // One column less, since some terminals wrap as soon as the last is full.
    std::vector<std::string> lines =
        StatusTable(description, state, UnixSeconds(), std::max(1, size.columns - 1));
    // The cursor waits in the line below and cannot climb back to what has scrolled away: the bar
    // stays, the table is cut.
    const auto most = static_cast<size_t>(std::max(1, size.rows - 1));
    if (lines.size() > most) lines.erase(lines.end() - 1 - (lines.size() - most), lines.end() - 1);
    std::string text;
    // How a window that became narrower broke the lines nobody can tell: the table begins anew.
    if (drawn_lines_ > 0 && size.columns >= drawn_columns_) {
      text = fmt::format("\r\x1b[{}A\x1b[J", std::min(drawn_lines_, size.rows - 1));
    }
    for (const std::string& line : lines) text += line + "\n";
    WriteOut(text);
    drawn_lines_ = static_cast<int>(lines.size());
    drawn_columns_ = size.columns;
  }

 private:
  int drawn_lines_ = 0;  // above the cursor's line
  int drawn_columns_ = 0;
};

void PrintOnce(const Session& session, const Address& address) {
  const std::stop_token stop = session.signals.stop();
  const v1::GetRunResponse run = Connection(address, {}, stop).GetRun(stop);
  if (session.json) {
    fmt::print("{}\n", ToJson(run).dump());
    return;
  }
  for (const std::string& line :
       StatusTable(run.description(), run.state(), UnixSeconds(), kColumnsOfFiles)) {
    fmt::print("{}\n", line);
  }
}

}  // namespace

void StatusCommand(const Session& session, const Address& address, bool once) {
  if (once || session.json || !SizeOfTerminal(STDOUT_FILENO).has_value()) {
    PrintOnce(session, address);
    return;
  }
  WatchClient client(ReachOnce(address), {.moments_per_second = 0},
                     [&session] { session.bell.Ring(); });
  std::optional<v1::GetRunResponse> run;
  LiveTable table;
  while (!session.signals.stop().stop_requested()) {
    WatchNews news = client.TakeNews();
    for (const ConnectionStatus& status : news.statuses) ThrowIfLost(status);
    if (news.run.has_value()) run = std::move(news.run);
    if (run.has_value()) {
      if (news.state.has_value()) *run->mutable_state() = *news.state;
      table.Draw(run->description(), run->state());
    }
    session.bell.Wait();
  }
}

}  // namespace dqnd
