#include "server/config_file.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using testing::StatusIs;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::vector<std::string> Lines(const std::vector<ConfigEntry>& entries) {
  std::vector<std::string> lines;
  for (const ConfigEntry& entry : entries) {
    lines.push_back(absl::StrCat(entry.line, " ", entry.option->name, "=", entry.value));
  }
  return lines;
}

TEST(ConfigFileTest, EveryLineGivesItsOptionAndKnowsItsNumber) {
  ASSERT_OK_AND_ASSIGN(const auto entries, ParseConfig("# A comment.\n"
                                                       "listen: 127.0.0.1:7\n"
                                                       "\n"
                                                       "max_responses: 8  # Enough.\n"
                                                       "insecure: true\n"
                                                       "tls_key: \"\"\n"
                                                       "model: 'a b'\n",
                                                       "f"));
  EXPECT_THAT(Lines(entries), ElementsAre("2 listen=127.0.0.1:7", "4 max_responses=8",
                                          "5 insecure=true", "6 tls_key=", "7 model=a b"));
}

TEST(ConfigFileTest, AnEmptyFileSetsNothing) {
  for (const char* text : {"", "\n", "# Nothing.\n", "---\n", "{}"}) {
    ASSERT_OK_AND_ASSIGN(const auto entries, ParseConfig(text, "f"));
    EXPECT_THAT(entries, IsEmpty());
  }
}

TEST(ConfigFileTest, AnUnknownKeyIsRefusedWithItsLineAndTheNearestThereIs) {
  EXPECT_THAT(ParseConfig("listen: a:1\nmax_batch_token: 5\n", "dir/a.yaml"),
              StatusIs(kInvalid,
                       "dir/a.yaml:2: max_batch_token: no such option; did you mean "
                       "max_batch_tokens?"));
  EXPECT_THAT(ParseConfig("colour: red", "f"),
              StatusIs(kInvalid, "f:1: colour: no such option; --help lists them all"));
  EXPECT_THAT(ParseConfig("\"a\\e[31m\": 1", "f"),
              StatusIs(kInvalid, AllOf(HasSubstr("a?[31m"), Not(HasSubstr("\x1b")))));
}

TEST(ConfigFileTest, AKeyGivenTwiceIsRefusedWithBothLines) {
  EXPECT_THAT(ParseConfig("listen: a:1\n\nlisten: a:1\n", "f"),
              StatusIs(kInvalid, "f:3: listen: given before, in line 1: keep one of them"));
}

TEST(ConfigFileTest, WhatIsNoSingleValueIsRefusedByItsKeyAndLine) {
  for (const char* text :
       {"listen: [a, b]", "listen: {a: b}", "listen:\n  - a", "listen:\n  host: a",
        "listen:", "listen: ~", "listen: null", "listen: &x [*x]"}) {
    EXPECT_THAT(ParseConfig(text, "f"), StatusIs(kInvalid, StartsWith("f:1: listen: has ")))
        << text;
  }
  EXPECT_THAT(ParseConfig("listen: &x a:1\nmodel: *x", "f"),
              StatusIs(kInvalid, StartsWith("f:2: model: has an alias")));
}

TEST(ConfigFileTest, WhatHoldsNoKeysIsRefused) {
  EXPECT_THAT(ParseConfig("- listen", "f"), StatusIs(kInvalid, HasSubstr("f:1: holds a list")));
  EXPECT_THAT(ParseConfig("\nlisten", "f"), StatusIs(kInvalid, HasSubstr("f:2: holds a single")));
  EXPECT_THAT(ParseConfig("? [a]\n: b", "f"),
              StatusIs(kInvalid, HasSubstr("f:1: a key is a list")));
  EXPECT_THAT(ParseConfig("a: 1\n--- \nb: 2", "f"), StatusIs(kInvalid));
  EXPECT_THAT(ParseConfig("workers: 1\n---\nworkers: 2", "f"),
              StatusIs(kInvalid, HasSubstr("more than one YAML document")));
}

TEST(ConfigFileTest, WhatIsNoYamlIsRefusedWithItsLine) {
  EXPECT_THAT(ParseConfig("workers: 1\nlisten: [a\n", "f"), StatusIs(kInvalid, StartsWith("f:")));
  EXPECT_THAT(ParseConfig("workers: 1\n\tlisten: \"a\n", "f"),
              StatusIs(kInvalid, StartsWith("f:")));
  EXPECT_THAT(ParseConfig(std::string(100000, '['), "f"), StatusIs(kInvalid));
  EXPECT_THAT(ParseConfig("a\n\x1b[31m\n", "f"), StatusIs(kInvalid, Not(HasSubstr("\x1b"))));
}

TEST(ConfigFileTest, AFileThatCannotBeReadIsNamedWithTheReason) {
  const std::string missing = ::testing::TempDir() + "/no/such/file.yaml";
  EXPECT_THAT(ReadConfig(missing), StatusIs(absl::StatusCode::kNotFound,
                                            AllOf(StartsWith(missing), HasSubstr("No such file"))));
  EXPECT_THAT(ReadConfig(::testing::TempDir()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("directory")));
}

TEST(ConfigFileTest, AFileIsReadWholeAndOnlyIfItCanBeAConfiguration) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / absl::StrCat("config_", getpid(), ".yaml");
  std::ofstream(path) << "workers: 2\nlisten: a:1";
  ASSERT_OK_AND_ASSIGN(const auto entries, ReadConfig(path));
  EXPECT_THAT(Lines(entries), ElementsAre("1 workers=2", "2 listen=a:1"));
  std::ofstream(path, std::ios::app) << std::string(2 << 20, '\n');
  EXPECT_THAT(ReadConfig(path), StatusIs(kInvalid, HasSubstr("larger than 1048576 bytes")));
  std::filesystem::remove(path);
}

TEST(ConfigFileTest, WhatIsDumpedIsReadAgainAsItWas) {
  const std::vector<Setting> settings = {
      {.name = "listen", .value = "[::1]:7", .source = "flag"},
      {.name = "log_requests", .value = "none"},
      {.name = "max_responses", .value = "7", .source = "file"},
      {.name = "model", .value = "a \"b\" # \\ \xC3\xA4: true", .source = "environment"},
      {.name = "self_test", .value = "false"},
      {.name = "tls_key", .value = ""},
  };
  const std::string text = DumpConfig(settings);
  EXPECT_THAT(text, HasSubstr("max_responses: 7  # file\n"));
  ASSERT_OK_AND_ASSIGN(const auto entries, ParseConfig(text, "f"));
  ASSERT_EQ(entries.size(), settings.size());
  for (size_t i = 0; i < settings.size(); ++i) {
    EXPECT_EQ(entries[i].option->name, settings[i].name);
    EXPECT_EQ(entries[i].value, settings[i].value);
    EXPECT_EQ(entries[i].line, static_cast<int>(i) + 1);
  }
}

}  // namespace
}  // namespace assay
