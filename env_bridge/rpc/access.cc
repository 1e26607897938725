#include "env_bridge/rpc/access.h"

#include <array>
#include <cassert>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "env_bridge/rpc/private_files.h"

namespace dqnd {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr const char* kControlTokenFile = "control_token";
constexpr const char* kReadOnlyTokenFile = "read_only_token";

std::string FindOrMakeToken(const std::filesystem::path& path) {
  std::string token = ReadIfThere(path);
  while (!token.empty() && token.back() == '\n') token.pop_back();
  if (token.size() >= kTokenBytes) return token;
  std::array<uint8_t, kTokenBytes> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) {
    throw std::runtime_error("the system gives no random numbers for an access token");
  }
  token = Hexadecimal(random);
  WritePrivateFile(path, token + "\n");
  return token;
}

// Takes as long for any two strings of equal sizes, so that timing tells nothing of a token.
bool Equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string BearerToken(const grpc::CallbackServerContext& context) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) return {};
  const std::string_view value(found->second.data(), found->second.size());
  return std::string(value.starts_with(kScheme) ? value.substr(kScheme.size()) : "");
}

}  // namespace

Access::Access(std::string control_token, std::string read_only_token)
    : control_token_(std::move(control_token)), read_only_token_(std::move(read_only_token)) {
  assert(control_token_.size() >= 16 && read_only_token_.size() >= 16);
}

grpc::Status Access::Check(const grpc::CallbackServerContext& context, Permission needed) const {
  if (context.peer().starts_with("unix:")) return grpc::Status::OK;
  const std::string token = BearerToken(context);
  if (Equal(token, control_token_)) return grpc::Status::OK;
  if (Equal(token, read_only_token_)) {
    if (needed == Permission::kLook) return grpc::Status::OK;
    return {grpc::StatusCode::PERMISSION_DENIED,
            "this needs the control token, and the client has the read-only one"};
  }
  return {grpc::StatusCode::UNAUTHENTICATED,
          token.empty() ? "the client sent no token; use the link that the daemon printed, or the "
                          "run directory's access/ folder"
                        : "the client's token is not one of this run's"};
}

Tokens FindOrMakeTokens(const std::filesystem::path& folder) {
  MakePrivateFolder(folder);
  return {.control = FindOrMakeToken(folder / kControlTokenFile),
          .read_only = FindOrMakeToken(folder / kReadOnlyTokenFile)};
}

}  // namespace dqnd
