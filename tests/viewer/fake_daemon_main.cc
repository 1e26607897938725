// A FakeDaemon as a program, for looking at the window and for tests that drive it: prints its
// address, then each call as it comes, until its standard input ends.
//
//   fake_daemon [--tls] [--token T] [--port N]

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/viewer/fake_daemon.h"

namespace {

// A run that has learned for a while.
void WriteHistory(dqnd::FakeDaemon& daemon) {
  for (int i = 1; i <= 250; ++i) {
    const double x = i / 250.0;
    const double noise = std::sin(i * 12.9898) * 0.5 + std::sin(i * 4.1414) * 0.5;
    daemon.WriteRow(i * 1000, {{"rollout/ep_rew_mean", 22 / (1 + std::exp(8 - 14 * x)) + noise},
                               {"rollout/exploration_rate", std::max(0.1, 1 - 2.2 * x)},
                               {"train/loss", 0.012 + 0.05 * std::exp(-6 * x) + 0.002 * noise},
                               {"time/fps", 412 + 18 * noise - (i % 50 == 0 ? 90 : 0)}});
    if (i % 50 == 0) daemon.WriteRow(i * 1000, {{"eval/mean_reward", 27.1 * x}});
  }
  daemon.Log("minatar:breakout, n_envs 4, 1686180 parameters, threads 2");
  daemon.Log(
      "evaluation 4 at env_step 200000: mean return 27.10 +- 6.2 over 10 episodes, the best so "
      "far");
  daemon.Log("checkpoint at env_step 250000");
  daemon.Log("the disk is nearly full: 1.2 GiB are left", dqnd::v1::EVENT_LEVEL_WARNING);
}

}  // namespace

int main(int argc, char** argv) {
  dqnd::FakeDaemonOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--tls") options.tls = true;
    if (argument == "--token" && i + 1 < argc) options.control_token = argv[++i];
    if (argument == "--port" && i + 1 < argc) options.port = std::atoi(argv[++i]);
  }
  dqnd::FakeDaemon daemon(options);
  WriteHistory(daemon);
  std::printf("%s\n", daemon.address().Text().c_str());
  std::fflush(stdout);
  std::jthread printer([&daemon](const std::stop_token& stop) {
    size_t printed = 0;
    while (!stop.stop_requested()) {
      for (const std::string& call : daemon.WaitForMoreCalls(printed, stop)) {
        std::printf("%s\n", call.c_str());
        ++printed;
      }
      std::fflush(stdout);
    }
  });
  while (std::getchar() != EOF) {
  }
  return 0;
}
