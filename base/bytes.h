#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace dqnd {

static_assert(std::endian::native == std::endian::little,
              "every file of dqnd is little-endian, and so are the machines it supports");

// Appends plain values to a string, little-endian, without padding. The reading side is ByteReader;
// whoever writes with one reads with the other, in the same order.
class ByteWriter {
 public:
  void U8(uint8_t value) { Raw(&value, sizeof value); }
  void U32(uint32_t value) { Raw(&value, sizeof value); }
  void U64(uint64_t value) { Raw(&value, sizeof value); }
  void I64(int64_t value) { Raw(&value, sizeof value); }
  void F32(float value) { Raw(&value, sizeof value); }
  void F64(double value) { Raw(&value, sizeof value); }
  void Bool(bool value) { U8(value ? 1 : 0); }

  // A length (u64), then that many elements.
  void String(std::string_view bytes) { Array(std::span(bytes.data(), bytes.size())); }
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  void Array(std::span<const T> values) {
    U64(values.size());
    Raw(values.data(), values.size_bytes());
  }

  // `size` bytes as they are, with no length before them.
  void Raw(const void* data, size_t size) { bytes_.append(static_cast<const char*>(data), size); }

  // Makes room for so many bytes in all, so that writing them neither moves nor doubles.
  void Reserve(size_t bytes) { bytes_.reserve(bytes); }

  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what ByteWriter wrote. Every method throws std::runtime_error when fewer bytes are left
// than it needs; nothing is ever read beyond the end, and no length found in the bytes is trusted
// before it is compared with what is left. The bytes must outlive the reader.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t U8() { return Value<uint8_t>(); }
  uint32_t U32() { return Value<uint32_t>(); }
  uint64_t U64() { return Value<uint64_t>(); }
  int64_t I64() { return Value<int64_t>(); }
  float F32() { return Value<float>(); }
  double F64() { return Value<double>(); }
  bool Bool() { return U8() != 0; }

  std::string_view String() {
    const uint64_t size = U64();
    return Raw(size);
  }

  // Fills `values`, whose size must equal the array's written length.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  void Array(std::span<T> values) {
    const uint64_t size = U64();
    if (size != values.size()) {
      throw std::runtime_error("saved array holds " + std::to_string(size) +
                               " elements, expected " + std::to_string(values.size()));
    }
    const std::string_view raw = Raw(values.size_bytes());
    raw.copy(reinterpret_cast<char*>(values.data()), raw.size());
  }

  // The next `size` bytes.
  std::string_view Raw(uint64_t size) {
    if (size > rest_.size()) {
      throw std::runtime_error("saved state ends early: " + std::to_string(size) +
                               " bytes wanted, " + std::to_string(rest_.size()) + " left");
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  size_t remaining() const { return rest_.size(); }

 private:
  template <typename T>
  T Value() {
    const std::string_view raw = Raw(sizeof(T));
    T value{};
    raw.copy(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }

  std::string_view rest_;
};

}  // namespace dqnd
