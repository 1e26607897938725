#include "env_bridge/rpc/certificate.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "env_bridge/rpc/private_files.h"

namespace dqnd {
namespace {

constexpr const char* kCertificateFile = "certificate.pem";
constexpr const char* kKeyFile = "key.pem";

template <typename T, auto Free>
struct Freed {
  void operator()(T* pointer) const { Free(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
using X509Certificate = std::unique_ptr<X509, Freed<X509, X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO, BIO_free_all>>;

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
