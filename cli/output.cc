#include "cli/output.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "lib/base/clock.h"
#include "lib/base/strings.h"

namespace crossdock::cli {
namespace {

// Length of the UTF-8 sequence at the start of `text` when it may stand on a terminal; 0 when not.
size_t PrintableAt(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  const auto hex = [&](size_t i) {
    return i < text.size() && absl::ascii_isxdigit(static_cast<unsigned char>(text[i]));
  };
  // A percent sign stays where nobody can take it for one of ours.
  if (first == '%') return hex(1) && hex(2) ? 0 : 1;
  if (first >= 0x20 && first < 0x7f) return 1;
  const auto next = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  // C1 controls (C2 80-9F) and the zero-width and direction characters (E2 80-81, EF BB BF) are refused.
  if (first >= 0xc3 && first <= 0xdf && next(1)) return 2;
  if (first == 0xc2 && byte(1) >= 0xa0 && next(1)) return 2;
  if (first >= 0xe0 && first <= 0xef && next(1) && next(2)) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    const bool invisible =
        (first == 0xe2 && byte(1) <= 0x81 && !(byte(1) == 0x80 && (byte(2) == 0x93 || byte(2) == 0xa6))) ||
        (first == 0xef && byte(1) >= 0xb8);
    return overlong || surrogate || invisible ? 0 : 3;
  }
  return 0;
}

// Terminal columns of shown text: one for each character.
size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string Shown(std::string_view text) {
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    const size_t size = PrintableAt(text.substr(i));
    if (size > 0) {
      shown += text.substr(i, size);
    } else {
      shown += absl::StrFormat("%%%02X", static_cast<unsigned char>(text[i]));
    }
    i += std::max<size_t>(size, 1);
  }
  return shown;
}

std::string Words(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

void Table::Print(std::ostream& out) const {
  std::vector<std::vector<std::string>> shown;
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    auto& cells = shown.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      cells.push_back(row[i].empty() ? "-" : Shown(row[i]));
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], WidthOf(cells[i]));
    }
  }
  for (const auto& cells : shown) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line += std::string(widths[i] - WidthOf(cells[i]) + 2, ' ');
    }
    out << line << '\n';
  }
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

std::string ToJson(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

std::string ShowBytes(uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? std::to_string(bytes) + " B" : absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string ShowTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  return base::FormatSeconds(base::Instant(std::chrono::seconds(time.seconds())));
}

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& list, std::string_view separator) {
  std::string joined;
  for (const std::string& item : list) {
    if (!joined.empty()) joined += separator;
    joined += item;
  }
  return joined;
}

std::string StateName(studio::v1::TransferState state) {
  std::string name = studio::v1::TransferState_Name(state).substr(sizeof("TRANSFER_STATE_") - 1);
  for (char& c : name) c = static_cast<char>(std::tolower(c));
  return name;
}

}  // namespace crossdock::cli
