// What verbs print: tables for people, JSON for programs. Everything that came from outside is escaped on its way to a
// terminal.
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"

#include "crossdock/studio/v1/transfer.pb.h"

namespace crossdock::cli {

// What a verb without an orchestrator answers to a program. Names as in the contracts: snake_case, in this order.
using Document = nlohmann::ordered_json;

// Columns as wide as their widest cell, two spaces between. Cells are escaped (base::PercentEscape but for UTF-8
// letters).
class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  size_t size() const { return rows_.size() - 1; }
  void Print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Printable text stays, UTF-8 included; control characters, and what is no UTF-8, become %XX, and so does a percent
// sign that could be taken for one of these.
std::string Shown(std::string_view text);
// Those that are not empty, with a space between.
std::string Words(const std::vector<std::string>& words);

// The message as one JSON document, field names as in the contract.
std::string ToJson(const google::protobuf::Message& message);
// On one line. Bytes that are not UTF-8 become U+FFFD, so that it can always be read.
std::string ToJson(const Document& document);

std::string ShowBytes(uint64_t bytes);  // "1.4 GiB"
// "2026-11-20T10:23:16Z", or "-" when it was never set.
std::string ShowTime(const google::protobuf::Timestamp& time);
std::string Join(const google::protobuf::RepeatedPtrField<std::string>& list, std::string_view separator = ", ");

// "awaiting_approval": as people write it.
std::string StateName(studio::v1::TransferState state);

}  // namespace crossdock::cli
