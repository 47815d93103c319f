#include "client/replica_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "base/hash.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::Le;

std::vector<std::string> Addresses(size_t n) {
  std::vector<std::string> addresses;
  for (size_t i = 0; i < n; ++i) addresses.push_back(absl::StrCat("10.0.0.", i, ":50051"));
  return addresses;
}

TEST(ReplicaChoiceTest, RoundRobinBeginsWithEachInTurnAndNamesAllOnce) {
  for (size_t n = 1; n <= 7; ++n) {
    for (uint64_t turn = 0; turn < 3 * n; ++turn) {
      std::vector<size_t> order = RoundRobinOrder(n, turn);
      EXPECT_EQ(order.front(), turn % n);
      std::sort(order.begin(), order.end());
      std::vector<size_t> all(n);
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(order, all);
    }
  }
  EXPECT_THAT(RoundRobinOrder(3, ~uint64_t{0}), ElementsAre(0, 1, 2));
}

// The values are those of another program after the header's words.
TEST(ReplicaChoiceTest, RendezvousIsTheSameOnEveryMachine) {
  const std::vector<std::string> addresses = {"10.0.0.1:50051", "10.0.0.2:50051", "10.0.0.3:50051",
                                              "[fd00::4]:50051"};
  EXPECT_THAT(RendezvousOrder(0, addresses), ElementsAre(1, 3, 2, 0));
  EXPECT_THAT(RendezvousOrder(1, addresses), ElementsAre(1, 2, 3, 0));
  EXPECT_THAT(RendezvousOrder(0xc54ab182bebb8d3e, addresses), ElementsAre(1, 0, 3, 2));
}

TEST(ReplicaChoiceTest, RendezvousDoesNotDependOnTheListsOrder) {
  const std::vector<std::string> addresses = Addresses(9);
  std::vector<std::string> reversed(addresses.rbegin(), addresses.rend());
  for (uint64_t prompt = 0; prompt < 200; ++prompt) {
    const std::vector<size_t> order = RendezvousOrder(prompt, addresses);
    const std::vector<size_t> other = RendezvousOrder(prompt, reversed);
    for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(addresses[order[i]], reversed[other[i]]);
  }
}

TEST(ReplicaChoiceTest, PromptsAreSpreadEvenlyOverFirstAndSecondPlace) {
  const std::vector<std::string> addresses = Addresses(10);
  std::vector<int> first(10);
  std::vector<int> second(10);
  for (uint64_t prompt = 0; prompt < 20'000; ++prompt) {
    const std::vector<size_t> order = RendezvousOrder(prompt, addresses);
    ++first[order[0]];
    ++second[order[1]];
  }
  // 2,000 each; five standard deviations are 212.
  EXPECT_THAT(first, ::testing::Each(::testing::AllOf(Ge(1788), Le(2212))));
  EXPECT_THAT(second, ::testing::Each(::testing::AllOf(Ge(1788), Le(2212))));
}

TEST(ReplicaChoiceTest, WhereAReplicaGoesOnlyItsOwnPromptsMoveEachToItsSecond) {
  const std::vector<std::string> addresses = Addresses(6);
  for (size_t gone = 0; gone < addresses.size(); ++gone) {
    std::vector<std::string> left = addresses;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(gone));
    for (uint64_t prompt = 0; prompt < 500; ++prompt) {
      std::vector<size_t> before = RendezvousOrder(prompt, addresses);
      std::erase(before, gone);
      const std::vector<size_t> after = RendezvousOrder(prompt, left);
      for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(left[after[i]], addresses[before[i]]);
    }
  }
}

// Every state of three replicas, in every order.
TEST(ReplicaChoiceTest, NoReplicaIsChosenWhileABetterOneIsThere) {
  std::vector<ReplicaView> states;
  for (const Readiness readiness : {Readiness::kReady, Readiness::kUnknown, Readiness::kFailing}) {
    for (const int64_t outstanding : {0, 1, 4}) {
      for (const bool tried : {false, true}) states.push_back({readiness, outstanding, tried});
    }
  }
  std::vector<size_t> order = {0, 1, 2};
  do {
    for (const ReplicaView& a : states) {
      for (const ReplicaView& b : states) {
        for (const ReplicaView& c : states) {
          const std::vector<ReplicaView> views = {a, b, c};
          const ReplicaView chosen = views[ChooseReplica(order, views)];
          int64_t ready = 0;
          int64_t open = 0;
          for (const ReplicaView& view : views) {
            if (view.readiness != Readiness::kReady) continue;
            ++ready;
            open += view.outstanding;
          }
          const auto fits = [&](const ReplicaView& view) {
            // 1.25 x (open + 1) / ready, rounded up, + 1, without a fraction.
            return 4 * ready * (view.outstanding - 1) < 5 * (open + 1);
          };
          for (const ReplicaView& other : views) {
            const bool other_fails = other.readiness == Readiness::kFailing;
            if (!other_fails) {
              EXPECT_NE(chosen.readiness, Readiness::kFailing);
            }
            if (!other_fails && !other.tried) {
              EXPECT_FALSE(chosen.tried);
            }
            if (other_fails == (chosen.readiness == Readiness::kFailing) && !other.tried) {
              EXPECT_FALSE(chosen.tried);
            }
            if (other.readiness == Readiness::kReady && other.tried == chosen.tried) {
              EXPECT_EQ(chosen.readiness, Readiness::kReady);
              if (fits(other) && !other.tried) {
                EXPECT_TRUE(fits(chosen));
              }
            }
          }
        }
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(ReplicaChoiceTest, OfEquallyGoodOnesTheFirstInTheOrderIsChosen) {
  const std::vector<ReplicaView> views(4, {Readiness::kReady, 1, false});
  for (uint64_t turn = 0; turn < 4; ++turn) {
    EXPECT_EQ(ChooseReplica(RoundRobinOrder(4, turn), views), turn);
  }
}

TEST(ReplicaChoiceTest, AReplicaThatNeverAnswersGathersTwoCallsOfAnIdleClient) {
  std::vector<ReplicaView> views(4, {Readiness::kReady, 0, false});
  for (uint64_t turn = 0; turn < 1000; ++turn) {
    // The others answer before the next call.
    if (ChooseReplica(RoundRobinOrder(4, turn), views) == 2) ++views[2].outstanding;
  }
  EXPECT_EQ(views[2].outstanding, 2);
}

TEST(ReplicaChoiceTest, OnePromptAloneIsSharedByReplicasOnceItsFirstHasItsShare) {
  const std::vector<std::string> addresses = Addresses(4);
  const std::vector<size_t> order = RendezvousOrder(7, addresses);
  std::vector<ReplicaView> views(4, {Readiness::kReady, 0, false});
  for (int call = 0; call < 100; ++call) ++views[ChooseReplica(order, views)].outstanding;
  // An even part is 25; the bound lets none have more than ceil(1.25 x 100 / 4) + 1.
  for (const ReplicaView& view : views) EXPECT_LE(view.outstanding, 33);
  EXPECT_GE(views[order[0]].outstanding, 25);
}

}  // namespace
}  // namespace assay::client
