#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/metrics/console.h"
#include "trainer/metrics/progress.h"
#include "trainer/metrics/scalar.h"
#include "trainer/metrics/table_text.h"

namespace dqnd {

// The run as seen on its console. On a terminal: a table of the latest value of each tag with a
// progress bar under it, drawn again in place at most five times a second, clipped to the window.
// On anything else: one plain line a Report. Log lines belong through PrintLine, which keeps the
// two apart.
//
// There is no clock inside: elapsed times are passed in, by the one thread that reports; PrintLine
// may be called by any thread. The console must outlive the table.
class ConsoleTable {
 public:
  ConsoleTable(Console& console, int64_t total_env_steps);

  // The run goes on from there. Before the first Report or Advance.
  void GoOnFrom(int64_t env_steps, double elapsed_seconds);

  // New values; tags that are not given keep their last one.
  void Report(int64_t env_steps, double elapsed_seconds, std::span<const Scalar> scalars);

  // Moves the progress bar alone; cheap enough for every cycle. Prints nothing where there is no
  // terminal.
  void Advance(int64_t env_steps, double elapsed_seconds);

  // A line of text (or several) above the table.
  void PrintLine(std::string_view line);

  // Draws the latest state for good; what is printed afterwards goes below it.
  void Finish();

 private:
  // REQUIRES of all: mutex_ is held.
  void DrawUnlessJustDone(double elapsed_seconds);
  std::string Erasure(const TerminalSize& size) const;
  std::string Drawing(const TerminalSize& size);
  TaggedValues Merge(std::span<const Scalar> scalars);

  std::mutex mutex_;
  // Guarded by mutex_.
  Console& console_;
  Progress progress_;
  TaggedValues values_;       // in the order of their first appearance
  bool shows_table_ = false;  // from the first Report or Advance to Finish
  std::optional<double> drawn_at_elapsed_seconds_;
  int drawn_lines_ = 0;    // above the cursor's line
  int drawn_columns_ = 0;  // the window's width at that time
};

}  // namespace dqnd
