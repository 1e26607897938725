#include "viewer/client/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace dqnd {
namespace {

constexpr std::string_view kLinkPrefix = "dqnd://";
constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kSha256Prefix = "sha256:";
constexpr size_t kSha256Digits = 64;
constexpr std::streamsize kLongestLine = 4096;

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

int ParsePort(std::string_view digits, std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65535) {
    throw std::invalid_argument(
        fmt::format("\"{}\": \"{}\" is no port; give a number from 1 to 65535", text, digits));
  }
  return port;
}

// "HOST:PORT" or "[IPV6]:PORT".
void ParseHostAndPort(std::string_view text, Address& address) {
  std::string_view host;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) {
      throw std::invalid_argument(fmt::format("\"{}\" lacks a \"]\", as in [::1]:50051", text));
    }
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      throw std::invalid_argument(fmt::format(
          "\"{}\" has several colons; write an IPv6 address in brackets: [::1]:50051", text));
    }
    host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? "" : text.substr(colon);
  }
  if (host.empty() || !IsVisibleAscii(host) || host.find('/') != std::string_view::npos) {
    throw std::invalid_argument(
        fmt::format("\"{}\" names no host and is no run directory; give HOST:PORT, unix:PATH, a "
                    "dqnd:// link or a run directory",
                    text));
  }
  if (!rest.starts_with(':')) {
    throw std::invalid_argument(fmt::format("\"{}\" lacks a port, as in {}:50051", text, host));
  }
  address.host = std::string(host);
  address.port = ParsePort(rest.substr(1), text);
}

std::string ParseFingerprint(std::string_view value) {
  std::string_view digits = value;
  if (digits.starts_with(kSha256Prefix)) digits.remove_prefix(kSha256Prefix.size());
  std::string hex;
  for (const char c : digits) {
    if (c == ':') continue;  // as openssl prints it
    hex += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  }
  if (hex.size() != kSha256Digits ||
      hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw std::invalid_argument(fmt::format(
        "\"{}\" is no fingerprint; give sha256: and 64 hexadecimal digits, as the daemon prints "
        "them",
        value));
  }
  return hex;
}

std::string CheckedToken(std::string_view token) {
  if (!IsVisibleAscii(token)) {
    throw std::invalid_argument(
        "the token holds a space or a character outside ASCII; copy it again from the daemon's "
        "line or from access/ in the run directory");
  }
  return std::string(token);
}

// "token=T&fingerprint=sha256:HEX".
void ParseParameters(std::string_view parameters, Address& address) {
  while (!parameters.empty()) {
    const std::string_view parameter = parameters.substr(0, parameters.find('&'));
    parameters.remove_prefix(std::min(parameters.size(), parameter.size() + 1));
    const size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    if (name == "token") {
      address.token = CheckedToken(value);
    } else if (name == "fingerprint") {
      address.fingerprint = ParseFingerprint(value);
    } else {
      throw std::invalid_argument(fmt::format(
          "\"{}\" is nothing that a dqnd:// link has; it has token and fingerprint", name));
    }
  }
}

// The first line of a small text file, without spaces at its end; nothing when it cannot be read.
std::optional<std::string> ReadLine(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line(kLongestLine, '\0');
  file.read(line.data(), kLongestLine);
  if (file.bad() || file.gcount() == 0) return std::nullopt;
  line.resize(static_cast<size_t>(file.gcount()));
  line.erase(std::min(line.size(), line.find_first_of("\r\n")));
  line.erase(line.find_last_not_of(" \t") + 1);
  return line;
}

}  // namespace

std::string Address::Place() const {
  if (is_unix()) return fmt::format("{}{}", kUnixPrefix, unix_path);
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::string Address::Text() const {
  if (is_unix()) return Place();
  return is_tls() ? fmt::format("{}{}?fingerprint={}{}", kLinkPrefix, Place(), kSha256Prefix,
                                fingerprint)
                  : fmt::format("{}{}", kLinkPrefix, Place());
}

Address ParseAddress(std::string_view text) {
  Address address;
  if (text.starts_with(kUnixPrefix)) {
    std::string_view path = text.substr(kUnixPrefix.size());
    if (path.starts_with("//")) path.remove_prefix(2);  // unix:///PATH, as gRPC also writes it
    if (path.empty()) throw std::invalid_argument("\"unix:\" lacks the path of a socket");
    address.unix_path = std::string(path);
    return address;
  }
  if (!text.starts_with(kLinkPrefix)) {
    ParseHostAndPort(text, address);
    return address;
  }
  std::string_view link = text.substr(kLinkPrefix.size());
  const size_t question = link.find('?');
  if (question != std::string_view::npos) ParseParameters(link.substr(question + 1), address);
  link = link.substr(0, question);
  if (link.ends_with('/')) link.remove_suffix(1);  // some programs add one to a link
  ParseHostAndPort(link, address);
  return address;
}

Address ReadRunDirectory(const std::filesystem::path& directory) {
  const std::optional<std::string> line = ReadLine(directory / "address");
  if (!line.has_value()) {
    throw std::invalid_argument(
        fmt::format("{} has no file \"address\": no daemon listens for it; start one with dqnd "
                    "train or dqnd serve",
                    directory.string()));
  }
  Address address = ParseAddress(*line);
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  if (address.is_unix()) return address;
  for (const char* name : {"control_token", "read_only_token"}) {
    const std::optional<std::string> token = ReadLine(directory / "access" / name);
    if (!token.has_value() || token->empty()) continue;
    address.token = CheckedToken(*token);
    break;
  }
  return address;
}

Address ResolveAddress(const std::string& named) {
  std::error_code ignored;
  if (std::filesystem::is_directory(named, ignored)) return ReadRunDirectory(named);
  return ParseAddress(named);
}

}  // namespace dqnd
