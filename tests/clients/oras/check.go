package main

import (
	"log"
	"reflect"
)

func same[T any](what string, expected, actual T) {
	if !reflect.DeepEqual(expected, actual) {
		log.Panicf("FAILED: %s: expected %.200v, got %.200v", what, expected, actual)
	}
}

func check(err error) {
	if err != nil {
		log.Panic("FAILED: ", err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
