#include "lib/wire/admission.h"

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::wire {
namespace {

absl::StatusOr<AdmissionMessage> Decode(std::string_view bytes) {
  if (bytes.size() < kAdmissionHeaderSize) return DecodeAdmissionHeader(bytes).status();
  ASSIGN_OR_RETURN(const AdmissionHeader header, DecodeAdmissionHeader(bytes.substr(0, kAdmissionHeaderSize)));
  if (header.size != bytes.size() - kAdmissionHeaderSize) return base::InvalidArgument("another length");
  return DecodeAdmission(header.type, bytes.substr(kAdmissionHeaderSize));
}

Status ExampleStatus() {
  Status status;
  status.joined = 18;
  status.waiting = 2;
  status.draining = true;
  status.busy_per_mille = 750;
  status.now = *base::ParseInstant("2026-11-20T10:00:00.125Z");
  status.keys_number = 3;
  status.deny_number = 9;
  status.problem = "NUMBER_TOO_OLD";
  return status;
}

struct Vector {
  AdmissionMessage message;
  const char* hex;
};

const Vector kVectors[] = {
    {Join{1, "ticket", 2, 3, "next"},
     "01000000160001"
     "00067469636b6574"
     "0002"
     "00000003"
     "00046e657874"},
    {Tend{1}, "02000000020001"},
    {Bundles{"keys", ""}, "030000000c000000046b65797300000000"},
    {Joined{}, "4100000000"},
    {Refused{"RELAY_FULL", "why"}, "4200000011000a52454c41595f46554c4c0003776879"},
    {ExampleStatus(),
     "4300000033"
     "00000012"
     "00000002"
     "01"
     "02ee"
     "000001a1f8660d7d"
     "0000000000000003"
     "0000000000000009"
     "000e4e554d4245525f544f4f5f4f4c44"},
};

TEST_CASE("each admission message has exactly these bytes") {
  for (const Vector& vector : kVectors) {
    CHECK(base::ToHex(EncodeAdmission(vector.message)) == vector.hex);
    CHECK(*Decode(*base::FromHex(vector.hex)) == vector.message);
  }
}

TEST_CASE("an admission message that was cut off, or that has bytes behind it, is refused") {
  for (const Vector& vector : kVectors) {
    const std::string bytes = EncodeAdmission(vector.message);
    const std::string payload = bytes.substr(kAdmissionHeaderSize);
    const AdmissionType type = DecodeAdmissionHeader(bytes.substr(0, kAdmissionHeaderSize))->type;
    for (size_t size = 0; size < payload.size(); ++size) {
      CHECK(base::ReasonOf(DecodeAdmission(type, payload.substr(0, size)).status()) == "ADMISSION_PROTOCOL");
    }
    CHECK(base::ReasonOf(DecodeAdmission(type, payload + "x").status()) == "ADMISSION_PROTOCOL");
    for (size_t size = 0; size < kAdmissionHeaderSize; ++size) {
      CHECK_FALSE(DecodeAdmissionHeader(bytes.substr(0, size)).ok());
    }
  }
}

TEST_CASE("a flipped bit gives another message or none, never the same and never a crash") {
  for (const Vector& vector : kVectors) {
    const std::string bytes = EncodeAdmission(vector.message);
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      const auto decoded = Decode(flipped);
      if (decoded.ok() && *decoded == vector.message) FAIL("bit " << bit << " means nothing");
    }
  }
}

TEST_CASE("a length above the type's limit is refused before the payload is read") {
  CHECK(DecodeAdmissionHeader(*base::FromHex("0100000100")).ok());
  CHECK(base::ReasonOf(DecodeAdmissionHeader(*base::FromHex("0100010000")).status()) == "ADMISSION_PROTOCOL");
  CHECK(base::ReasonOf(DecodeAdmissionHeader(*base::FromHex("03ffffffff")).status()) == "ADMISSION_PROTOCOL");
  CHECK(base::ReasonOf(DecodeAdmissionHeader(*base::FromHex("4100000001")).status()) == "ADMISSION_PROTOCOL");
  CHECK(base::ReasonOf(DecodeAdmissionHeader(*base::FromHex("0000000000")).status()) == "ADMISSION_PROTOCOL");
}

TEST_CASE("another version is named as such, whatever follows it") {
  CHECK(base::ReasonOf(DecodeAdmission(AdmissionType::kTend, std::string("\0\2", 2)).status()) == "ADMISSION_VERSION");
  CHECK(base::ReasonOf(DecodeAdmission(AdmissionType::kJoin, std::string("\0\2xyz", 5)).status()) ==
        "ADMISSION_VERSION");
}

TEST_CASE("a refusal is cut to its limit and always carries a word for programs") {
  const auto long_one = EncodeAdmission(Refused{"RELAY_FULL", std::string(5000, 'x')});
  CHECK(std::get<Refused>(*Decode(long_one)).detail.size() == 1024);
  CHECK_FALSE(Decode(EncodeAdmission(Refused{"", "detail"})).ok());
  CHECK_FALSE(Decode(EncodeAdmission(Refused{"two words", "detail"})).ok());
}

}  // namespace
}  // namespace crossdock::wire
