#include "viewer/ctl/choose_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "viewer/client/connection.h"

namespace dqnd {
namespace {

constexpr std::chrono::milliseconds kPatience(1000);

struct Candidate {
  std::filesystem::path run;
  std::optional<Address> address;
  std::string problem;  // empty: its daemon answers
};

Address WithToken(Address address, const std::string& token) {
  const bool is_sendable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 127; });
  if (!is_sendable) {
    throw std::invalid_argument(
        "the token holds a space or a character outside ASCII; copy it again from the daemon's "
        "line or from access/ in the run directory");
  }
  if (!token.empty()) address.token = token;
  return address;
}

Address OfDirectory(const std::filesystem::path& run, const std::string& token) {
  std::error_code error;
  if (!std::filesystem::is_directory(run, error)) {
    throw std::invalid_argument(
        fmt::format("there is no run directory {}; give an existing one with --run, or --address",
                    run.string()));
  }
  // Daemons remove the file when they end.
  if (!std::filesystem::exists(run / "address", error)) {
    throw std::runtime_error(
        fmt::format("no daemon works in {} now; start one with dqnd train", run.string()));
  }
  return WithToken(ReadRunDirectory(run), token);
}

Candidate Examine(const std::filesystem::path& run, const std::string& token,
                  const AskDaemon& ask) {
  Candidate candidate{run, std::nullopt, ""};
  try {
    candidate.address = OfDirectory(run, token);
    candidate.problem = ask(*candidate.address);
  } catch (const std::exception& error) {
    candidate.problem = error.what();
  }
  return candidate;
}

// The runs that say where their daemon listens, by name.
std::vector<std::filesystem::path> RunsWithAddress(const std::filesystem::path& runs) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator each(runs, error), end; !error && each != end;
       each.increment(error)) {
    std::error_code ignored;
    if (std::filesystem::exists(each->path() / "address", ignored)) found.push_back(each->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string List(const std::vector<Candidate>& candidates) {
  std::string text;
  for (const Candidate& each : candidates) {
    text += fmt::format(
        "\n  --run {}   {}", each.run.string(),
        each.problem.empty() ? "answers at " + each.address.value().Place() : each.problem);
  }
  return text;
}

}  // namespace

Address ChooseRun(const NamedRun& named, const std::filesystem::path& runs, const AskDaemon& ask) {
  if (!named.address.empty()) return WithToken(ParseAddress(named.address), named.token);
  if (!named.run_directory.empty()) return OfDirectory(named.run_directory, named.token);
  if (!named.default_run.empty()) return OfDirectory(named.default_run, named.token);

  std::vector<Candidate> candidates;
  for (const std::filesystem::path& run : RunsWithAddress(runs)) {
    candidates.push_back(Examine(run, named.token, ask));
  }
  const auto answers = [](const Candidate& each) { return each.problem.empty(); };
  const auto first = std::find_if(candidates.begin(), candidates.end(), answers);
  const auto count = std::count_if(candidates.begin(), candidates.end(), answers);
  if (count == 1) return first->address.value();
  if (count > 1) {
    throw std::invalid_argument(fmt::format("several runs in {} answer; say which one:{}",
                                            runs.string(), List(candidates)));
  }
  if (candidates.empty()) {
    throw std::invalid_argument(fmt::format(
        "which run? No daemon works in {}; give --run DIR, --address HOST:PORT or DQND_RUN",
        runs.string()));
  }
  throw std::invalid_argument(fmt::format(
      "no run in {} answers; give --address, or start one of:{}", runs.string(), List(candidates)));
}

std::string AskOverTheWire(const Address& address) {
  try {
    Connection connection(address, {.connect_timeout = kPatience, .call_timeout = kPatience});
    connection.GetRun();
    return "";
  } catch (const ConnectionError& error) {
    return error.what();
  }
}

}  // namespace dqnd
