#include "server/effective_settings.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/testing/fake_scorer.h"

namespace assay {
namespace {

Setting Find(const std::vector<Setting>& settings, const std::string& name) {
  for (const Setting& setting : settings) {
    if (setting.name == name) return setting;
  }
  return {};
}

ServerFlags Defaults() {
  const char* args[] = {"assay-server"};
  return ParseServerFlags(1, args).value();
}

TEST(EffectiveSettingsTest, WhatWasLeftToTheDevicesIsToldAsDecided) {
  ModelInfo info = testing::FakeModelInfo();
  info.name = "mine";
  info.dtype = "bfloat16";
  const std::vector<Setting> settings =
      EffectiveSettings(Defaults(), info, {"cuda:0", "cuda:0", "cuda:1", "cuda:1"});
  EXPECT_EQ(Find(settings, "max_batch_tokens").value, "16384");
  EXPECT_EQ(Find(settings, "max_batch_tokens").source, "default");
  EXPECT_EQ(Find(settings, "device").value, "cuda:0,cuda:1");
  EXPECT_EQ(Find(settings, "workers").value, "2");
  EXPECT_EQ(Find(settings, "dtype").value, "bfloat16");
  EXPECT_EQ(Find(settings, "model_name").value, "mine");
  EXPECT_EQ(Find(EffectiveSettings(Defaults(), info, {"cpu"}), "max_batch_tokens").value, "4096");
}

TEST(EffectiveSettingsTest, EverythingElseStaysAsItWasGiven) {
  ServerFlags flags = Defaults();
  for (Setting& setting : flags.settings) setting.source = "flag";
  const std::vector<Setting> settings = EffectiveSettings(flags, testing::FakeModelInfo(), {"cpu"});
  ASSERT_EQ(settings.size(), flags.settings.size());
  for (size_t i = 0; i < settings.size(); ++i) {
    EXPECT_EQ(settings[i].name, flags.settings[i].name);
    EXPECT_EQ(settings[i].source, "flag");
  }
  EXPECT_EQ(Find(settings, "listen").value, "127.0.0.1:50051");
  EXPECT_EQ(Find(settings, "max_responses").value, "1024");
}

TEST(EffectiveSettingsTest, TheLogNamesWhatSomeoneSetAndNothingElse) {
  EXPECT_EQ(DescribeSettings({}), "configuration: all defaults");
  EXPECT_EQ(DescribeSettings({{.name = "listen", .value = "a:1", .source = "file"},
                              {.name = "tokens", .value = "t"},
                              {.name = "workers", .value = "2", .source = "flag"}}),
            "configuration: listen=a:1 (file), workers=2 (flag); the rest defaults");
}

}  // namespace
}  // namespace assay
