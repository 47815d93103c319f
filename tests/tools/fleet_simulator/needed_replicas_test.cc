#include "tools/fleet_simulator/needed_replicas.h"

#include <gtest/gtest.h>

namespace assay::fleet {
namespace {

TEST(NeededReplicasTest, TheSmallestThatIsEnoughIsFoundFromAnyGuess) {
  for (int needed = 1; needed <= 40; ++needed) {
    for (int guess = 1; guess <= 40; ++guess) {
      EXPECT_EQ(NeededReplicas(guess, 40, [&](int n) { return n >= needed; }), needed)
          << "from " << guess;
    }
  }
}

TEST(NeededReplicasTest, ZeroWhereTheMostIsNotEnough) {
  for (int guess = 1; guess <= 40; ++guess) {
    EXPECT_EQ(NeededReplicas(guess, 40, [](int) { return false; }), 0);
  }
}

}  // namespace
}  // namespace assay::fleet
