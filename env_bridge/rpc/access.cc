#include "env_bridge/rpc/access.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <functional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dqnd {
namespace {

constexpr size_t kTokenBytes = 32;
constexpr const char* kControlTokenFile = "control_token";
constexpr const char* kReadOnlyTokenFile = "read_only_token";
constexpr const char* kCertificateFile = "certificate.pem";
constexpr const char* kKeyFile = "key.pem";

template <typename T, auto Free>
struct Freed {
  void operator()(T* pointer) const { Free(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using X509Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

std::system_error SystemError(const std::string& what) {
  return {errno, std::generic_category(), what};
}

void MakePrivateFolder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  if (chmod(folder.c_str(), 0700) != 0) throw SystemError(folder.string());
}

// Readable by its owner alone from the moment on that it exists.
void WritePrivateFile(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  std::filesystem::remove(temporary);
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw SystemError(temporary.string());
  const ssize_t written = write(file, content.data(), content.size());
  const bool ok = written == static_cast<ssize_t>(content.size()) && fsync(file) == 0;
  const auto error = SystemError(temporary.string());
  close(file);
  if (!ok) throw error;
  std::filesystem::rename(temporary, path);
}

// The content of a file; empty when it is not there.
std::string ReadIfThere(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string Hexadecimal(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

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

std::string ToPem(const std::function<int(BIO*)>& write) {
  const Bio memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr || write(memory.get()) != 1) {
    throw std::runtime_error("OpenSSL could not write a certificate");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<size_t>(size)};
}

void AddExtension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  if (extension == nullptr) throw std::runtime_error("OpenSSL could not make a certificate");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
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

Certificate FindOrMakeCertificate(const std::filesystem::path& folder, int days) {
  Certificate pair{.certificate_pem = ReadIfThere(folder / kCertificateFile),
                   .key_pem = ReadIfThere(folder / kKeyFile)};
  if (pair.certificate_pem.empty() && pair.key_pem.empty()) return MakeCertificate(folder, days);
  if (pair.certificate_pem.empty() || pair.key_pem.empty()) {
    throw std::runtime_error(fmt::format(
        "{} holds only one of {} and {}; add the other, or make a new pair with dqnd cert",
        folder.string(), kCertificateFile, kKeyFile));
  }
  Fingerprint(pair.certificate_pem);  // throws when it is none
  return pair;
}

Certificate MakeCertificate(const std::filesystem::path& folder, int days) {
  MakePrivateFolder(folder);
  const Key key(EVP_EC_gen("P-256"));
  const X509Certificate certificate(X509_new());
  if (key == nullptr || certificate == nullptr) {
    throw std::runtime_error("OpenSSL could not make a key");
  }
  X509_set_version(certificate.get(), X509_VERSION_3);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<uint8_t*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1 | 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);  // clocks differ a little
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), static_cast<long>(days) * 86400);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("dqnd"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate.get(), NID_subject_alt_name, "DNS:dqnd");
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    throw std::runtime_error("OpenSSL could not sign a certificate");
  }
  Certificate pair{.certificate_pem =
                       ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
                   .key_pem = ToPem([&](BIO* bio) {
                     return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr,
                                                     nullptr);
                   })};
  WritePrivateFile(folder / kKeyFile, pair.key_pem);
  WritePrivateFile(folder / kCertificateFile, pair.certificate_pem);
  return pair;
}

std::string Fingerprint(std::string_view certificate_pem) {
  const Bio memory(
      BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  const X509Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (certificate == nullptr ||
      X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    throw std::runtime_error("the certificate cannot be read: it is no certificate in PEM");
  }
  return "sha256:" + Hexadecimal(std::span(digest).first(size));
}

}  // namespace dqnd
