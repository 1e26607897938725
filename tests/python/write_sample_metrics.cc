// Writes the metric files of a small run into the folder named on the command line, for
// metrics_reader_test.py to read back: 5 rows, then a resume at env_step 3000, which disowns rows 4
// and 5, and 3 more rows.

#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>

#include "base/file_system.h"
#include "trainer/metrics/metrics.h"

namespace {

constexpr double kStartUnixSeconds = 1.7e9;

void ReportRows(dqnd::Metrics& metrics, int first, int last, double offset) {
  for (int row = first; row <= last; ++row) {
    const double loss = row == 1 ? std::numeric_limits<double>::quiet_NaN() : 1.0 / row;
    metrics.Report(row * 1000,
                   {.elapsed_seconds = row * 1.5, .unix_seconds = kStartUnixSeconds + row},
                   std::array{dqnd::Scalar{"rollout/ep_rew_mean", row + offset},
                              dqnd::Scalar{"train/loss", loss}});
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::fputs("usage: write_sample_metrics FOLDER\n", stderr);
    return 2;
  }
  try {
    const char* folder = arguments[1];
    {
      dqnd::Metrics metrics({}, dqnd::RealFileSystem(), folder, kStartUnixSeconds);
      ReportRows(metrics, 1, 5, 0);
    }
    dqnd::Metrics metrics({.resumed_at_env_step = 3000}, dqnd::RealFileSystem(), folder,
                          kStartUnixSeconds + 100);
    ReportRows(metrics, 4, 6, 0.5);
    metrics.ReportEvaluation({.env_steps = 6000,
                              .mean_reward = 7.25,
                              .std_reward = 0.5,
                              .mean_ep_length = 80,
                              .episodes = 10},
                             {.elapsed_seconds = 10, .unix_seconds = kStartUnixSeconds + 110});
    metrics.Flush();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_sample_metrics: %s\n", error.what());
    return 1;
  }
}
