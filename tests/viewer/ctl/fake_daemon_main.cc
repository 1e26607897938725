// A FakeDaemon as a program, for tests that drive dqnctl:
//
//   dqnctl_fake_daemon [CONTROL_TOKEN [READ_ONLY_TOKEN [tls]]]
//
// Prints its address, serves until its standard input ends, and then prints every call that came.

#include <cstdio>

#include "tests/viewer/fake_daemon.h"

int main(int argc, char** argv) {
  dqnd::FakeDaemonOptions options;
  if (argc > 1) options.control_token = argv[1];
  if (argc > 2) options.read_only_token = argv[2];
  options.tls = argc > 3;
  dqnd::FakeDaemon daemon(options);
  std::printf("%s\n", daemon.address().Text().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  for (const std::string& call : daemon.calls()) std::printf("%s\n", call.c_str());
  return 0;
}
