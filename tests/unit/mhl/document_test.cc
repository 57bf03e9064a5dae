#include <string>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/mhl/read.h"
#include "lib/mhl/write.h"
#include "lib/mhl/xml_reader.h"

namespace crossdock::mhl {
namespace {

base::Instant At(const char* text) { return *base::ParseInstant(text); }

Manifest Example() {
  Manifest manifest;
  manifest.creator = {At("2026-11-20T10:23:16Z"),
                      "LON",
                      "crossdock",
                      "1.0",
                      {{"Jo & Co", "jo@b.co", "+44 1", "DIT"}},
                      "London",
                      "a < b"};
  manifest.process = Process::kTransfer;
  const std::string xxh128 = HashOf(HashFormat::kXxh128, "foo"), c4 = HashOf(HashFormat::kC4, "foo");
  manifest.root = {{HashFormat::kXxh128, xxh128, xxh128}};
  manifest.ignore = {".DS_Store", "ascmhl", "ascmhl/"};
  FileRecord file{"exr/é \"1\".exr", 3, At("2026-11-20T10:00:00.604240Z"), {}, "old.exr"};
  file.hashes = {{HashFormat::kXxh128, xxh128, Action::kVerified, At("2026-11-20T10:23:16Z")},
                 {HashFormat::kC4, c4, Action::kOriginal, {}}};
  manifest.files = {file};
  manifest.directories = {{"exr", At("2026-11-20T10:00:00Z"), {{HashFormat::kXxh128, xxh128, xxh128}}}};
  manifest.references = {{"A003/ascmhl/0001_A003_2026-11-20_102316Z.mhl", C4Of("foo")}};
  return manifest;
}

TEST_CASE("a manifest is written element by element in the order of the format", "[mhl]") {
  const auto text = WriteManifest(Example());
  REQUIRE(text.ok());
  const std::string c4 = C4Of("foo"), x = "79aef92e83454121ab6e5f64077e7d8a";
  const std::string hash = "<xxh128>" + x + "</xxh128>\n";
  CHECK(*text ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<hashlist version=\"2.0\" xmlns=\"urn:ASC:MHL:v2.0\">\n"
        "  <creatorinfo>\n"
        "    <creationdate>2026-11-20T10:23:16+00:00</creationdate>\n"
        "    <hostname>LON</hostname>\n"
        "    <tool version=\"1.0\">crossdock</tool>\n"
        "    <author email=\"jo@b.co\" phone=\"+44 1\" role=\"DIT\">Jo &amp; Co</author>\n"
        "    <location>London</location>\n"
        "    <comment>a &lt; b</comment>\n"
        "  </creatorinfo>\n"
        "  <processinfo>\n"
        "    <process>transfer</process>\n"
        "    <roothash>\n"
        "      <content>\n        " +
            hash +
            "      </content>\n"
            "      <structure>\n        " +
            hash +
            "      </structure>\n"
            "    </roothash>\n"
            "    <ignore>\n"
            "      <pattern>.DS_Store</pattern>\n"
            "      <pattern>ascmhl</pattern>\n"
            "      <pattern>ascmhl/</pattern>\n"
            "    </ignore>\n"
            "  </processinfo>\n"
            "  <hashes>\n"
            "    <hash>\n"
            "      <path size=\"3\" lastmodificationdate=\"2026-11-20T10:00:00.604240+00:00\">"
            "exr/é &quot;1&quot;.exr</path>\n"
            "      <c4 action=\"original\">" +
            c4 +
            "</c4>\n"
            "      <xxh128 action=\"verified\" hashdate=\"2026-11-20T10:23:16+00:00\">" +
            x +
            "</xxh128>\n"
            "      <previousPath>old.exr</previousPath>\n"
            "    </hash>\n"
            "    <directoryhash>\n"
            "      <path lastmodificationdate=\"2026-11-20T10:00:00+00:00\">exr</path>\n"
            "      <content>\n        " +
            hash +
            "      </content>\n"
            "      <structure>\n        " +
            hash +
            "      </structure>\n"
            "    </directoryhash>\n"
            "  </hashes>\n"
            "  <references>\n"
            "    <hashlistreference>\n"
            "      <path>A003/ascmhl/0001_A003_2026-11-20_102316Z.mhl</path>\n"
            "      <c4>" +
            c4 +
            "</c4>\n"
            "    </hashlistreference>\n"
            "  </references>\n"
            "</hashlist>\n");
}

TEST_CASE("a manifest reads back as what was written, and is written the same again", "[mhl]") {
  const std::string text = *WriteManifest(Example());
  const auto back = ReadManifest(text, "m");
  INFO(back.status());
  REQUIRE(back.ok());
  CHECK(back->creator.authors[0].name == "Jo & Co");
  CHECK(back->process == Process::kTransfer);
  CHECK(back->files[0].path == "exr/é \"1\".exr");
  CHECK(back->files[0].previous_path == "old.exr");
  CHECK(back->files[0].size == 3);
  CHECK(back->directories[0].path == "exr");
  CHECK(*WriteManifest(*back) == text);
}

TEST_CASE("a manifest without a record has no element for them", "[mhl]") {
  Manifest manifest = Example();
  manifest.files.clear();
  manifest.directories.clear();
  CHECK(WriteManifest(manifest)->find("<hashes") == std::string::npos);
}

TEST_CASE("a chain is written as the format says, and reads back", "[mhl]") {
  const Chain chain = {{1, "0001_A_2026-11-20_102316Z.mhl", C4Of("a")}, {2, "0002_A.mhl", C4Of("b")}};
  const std::string text = *WriteChain(chain);
  CHECK(text ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<ascmhldirectory xmlns=\"urn:ASC:MHL:DIRECTORY:v2.0\">\n"
        "  <hashlist sequencenr=\"1\">\n    <path>0001_A_2026-11-20_102316Z.mhl</path>\n    <c4>" +
            C4Of("a") +
            "</c4>\n  </hashlist>\n"
            "  <hashlist sequencenr=\"2\">\n    <path>0002_A.mhl</path>\n    <c4>" +
            C4Of("b") + "</c4>\n  </hashlist>\n</ascmhldirectory>\n");
  const auto back = ReadChain(text, "c");
  REQUIRE(back.ok());
  CHECK(*WriteChain(*back) == text);
}

TEST_CASE("a name that XML cannot hold is refused, not changed", "[mhl]") {
  for (const std::string bad : {"a\x01", "a\x7f", "a\xff", "\xed\xa0\x80", "\xef\xbf\xbf", "\xc0\xaf"}) {
    Manifest manifest = Example();
    manifest.files[0].path = bad;
    CHECK(base::ReasonOf(WriteManifest(manifest).status()) == kReasonNotWritable);
  }
  Manifest manifest = Example();
  manifest.creator.authors[0].email = "jo at home";
  CHECK(base::ReasonOf(WriteManifest(manifest).status()) == kReasonInvalid);
}

// The example with one thing replaced.
absl::Status ReadWith(const std::string& from, const std::string& to) {
  std::string text = *WriteManifest(Example());
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return ReadManifest(text.replace(at, from.size(), to), "m").status();
}

TEST_CASE("what the format does not allow is refused", "[mhl]") {
  CHECK(ReadWith("<hostname>", "<hostname>").ok());
  CHECK(ReadWith("xmlns=\"urn:ASC:MHL:v2.0\"", "xmlns=\"urn:ASC:MHL:v1.0\"").code() != absl::StatusCode::kOk);
  const std::pair<const char*, const char*> wrong[] = {
      {"version=\"2.0\"", "version=\"1.1\""},
      {"<hostname>LON</hostname>", ""},
      {"<process>transfer</process>", "<process>copy</process>"},
      {"<process>transfer</process>", ""},
      {"action=\"verified\" ", ""},
      {"action=\"verified\"", "action=\"fine\""},
      {"2026-11-20T10:23:16+00:00</creationdate>", "yesterday</creationdate>"},
      {">exr/é", ">../é"},
      {">exr/é", ">/exr/é"},
      {"<path lastmodificationdate=\"2026-11-20T10:00:00+00:00\">exr</path>",
       "<path>exr/é &quot;1&quot;.exr</path>"},  // a second record of one path
      {"size=\"3\"", "size=\"-3\""},
      {"    <location>London</location>\n", "    <location>London</location>\n    <location>Paris</location>\n"},
      {"  <processinfo>", "  <odd/>\n  <processinfo>"},
      {"  <processinfo>", "  loose\n  <processinfo>"},
  };
  for (const auto& [from, to] : wrong) {
    INFO(from << " → " << to);
    CHECK(base::ReasonOf(ReadWith(from, to)) == kReasonInvalid);
  }
  CHECK(base::ReasonOf(ReadWith("</hashlist>", "")) == kReasonXml);
}

TEST_CASE("metadata of other namespaces, and forgotten hash formats, are passed over", "[mhl]") {
  CHECK(ReadWith("  <references>",
                 "  <metadata><a xmlns=\"urn:x\"><b/>text<path>..</path></a></metadata>\n  <references>")
            .ok());
  CHECK(
      ReadWith("      <previousPath>", "      <xxh32 action=\"original\">1234abcd</xxh32>\n      <previousPath>").ok());
}

TEST_CASE("an error says which line it is about", "[mhl]") {
  const absl::Status status = ReadWith("<process>transfer</process>", "<process>copy</process>");
  CHECK(base::ToStd(status.message()).find("m:12:") != std::string::npos);
}

TEST_CASE("a chain whose numbers do not go on from 1 is refused", "[mhl]") {
  const std::string link = "<path>0002_A.mhl</path><c4>" + C4Of("b") + "</c4></hashlist></ascmhldirectory>";
  const std::string head = "<ascmhldirectory xmlns=\"urn:ASC:MHL:DIRECTORY:v2.0\">";
  CHECK(base::ReasonOf(ReadChain(head + "<hashlist sequencenr=\"2\">" + link, "c").status()) == kReasonChainInvalid);
  CHECK(base::ReasonOf(ReadChain(head + "<hashlist>" + link, "c").status()) == kReasonChainInvalid);
  CHECK(ReadChain(head + "<hashlist sequencenr=\"1\">" + link, "c").ok());
}

// XML that means harm.

class Ignoring : public XmlHandler {
 public:
  absl::Status Start(const std::string&, const Attributes&) override { return absl::OkStatus(); }
  absl::Status End(const std::string&, const std::string&) override { return absl::OkStatus(); }
};

std::string ReasonOfXml(const std::string& xml, const XmlLimits& limits = {}) {
  Ignoring handler;
  return std::string(base::ReasonOf(ReadXml(xml, "urn:x", "x", handler, limits)));
}

TEST_CASE("a document type is refused, and with it every entity", "[mhl]") {
  CHECK(ReasonOfXml("<a xmlns=\"urn:x\">&lt;</a>").empty());
  CHECK(ReasonOfXml("<!DOCTYPE a><a/>") == kReasonXmlDtd);
  CHECK(ReasonOfXml("<!DOCTYPE a [<!ENTITY e \"eeee\">]><a>&e;</a>") == kReasonXmlDtd);
  CHECK(ReasonOfXml("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>") == kReasonXmlDtd);
  CHECK(ReasonOfXml("<a>&e;</a>") == kReasonXml);
}

TEST_CASE("depth, text, markup and size have limits", "[mhl]") {
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += "<a>";
  CHECK(ReasonOfXml(deep) == kReasonTooLarge);
  CHECK(ReasonOfXml("<a>" + std::string((64 << 10) + 1, 'x') + "</a>") == kReasonTooLarge);
  CHECK(ReasonOfXml("<a>" + std::string(64 << 10, 'x') + "</a>").empty());
  CHECK(ReasonOfXml("<a b=\"" + std::string(6 << 20, 'x') + "\"/>") == kReasonTooLarge);
  CHECK(ReasonOfXml("<a>" + std::string(100, ' ') + "</a>", {50, 32, 100}) == kReasonTooLarge);
}

TEST_CASE("what is no well-formed UTF-8 document is refused", "[mhl]") {
  for (const std::string bad : {"", "<a>", "<a></b>", "<a/><a/>", "\xff<a/>", "<a>\xc0\x80</a>", "text"}) {
    INFO(bad);
    CHECK(ReasonOfXml(bad) == kReasonXml);
  }
}

TEST_CASE("every beginning of a manifest is refused, and none harms", "[mhl]") {
  const std::string text = *WriteManifest(Example());
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    CHECK_FALSE(ReadManifest(std::string_view(text).substr(0, size), "m").ok());
  }
}

}  // namespace
}  // namespace crossdock::mhl
