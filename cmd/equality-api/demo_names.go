package main

import (
	"strings"
	"time"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// naming is how some women, first, and some men are named. A surname means "example" or "sample"
// in the people's language, or is a letter, so that nobody has it. There is a choice where commas
// are, and a middle name only where everybody has one.
type naming [2]names

type names struct{ first, middle, surname string }

var namings = []naming{
	{{"Gemma, Primrose, Chloë, Winifred", "", "Sampleton"}, {"Geoffrey, Nathaniel, Alfie, Stephen", "", "Sampleton"}},
	{{"Małgorzata, Agnieszka, Łucja, Żaneta", "", "Przykładowska"}, {"Łukasz, Zbigniew, Stanisław, Michał", "", "Przykładowski"}},
	{{"Ayşe, Çiğdem, Gülşen, Işıl", "", "Örnek"}, {"Oğuz, İbrahim, Şükrü, Yiğit", "", "Örnek"}},
	{{"Olúwaṣeun, Yétúndé, Ṣadé", "", "Àpẹẹrẹ"}, {"Ọláyínká, Adébáyọ̀, Ṣẹ́gun", "", "Àpẹẹrẹ"}},
	{{"নাসরিন, শর্মিষ্ঠা, রহিমা", "", "নমুনা"}, {"রফিকুল, দেবাশিস, কামাল", "", "নমুনা"}},
	{{"Siobhán, Gráinne, Niamh, Caoimhe", "", "Ní Shampla"}, {"Pádraig, Oisín, Tadhg, Ruairí", "", "Ó Sampla"}},
	{{"Rivka, Chaya Sora, Shprintza", "", "Bayshpil"}, {"Yitzchok, Menachem Mendel, Shloime", "", "Bayshpil"}},
	{{"Олена, Соломія, Ївга", "Іванівна", "Прикладенко"}, {"Тарас, Євген, Богдан", "Іванович", "Прикладенко"}},
	{{"Nguyệt Ánh, Phượng, Hồng", "", "Nguyễn Ví Dụ"}, {"Đức, Văn Tuấn, Hữu", "", "Nguyễn Ví Dụ"}},
	{{"Zoë, Anne-Marie, Mary-Lou", "", "Sample-Specimen"}, {"Jean-Paul, Billy-Joe", "", "Sample-Specimen"}},
	{{"فاطمة, خديجة, نور الهدى", "", "المثال"}, {"محمد, يوسف, عبد الرحمن", "", "المثال"}},
	{{"Hodan, Faadumo, Caasha", "Warsame, Jaamac", "Tusaale"}, {"Cabdi, Maxamed, Xasan", "Warsame, Jaamac", "Tusaale"}},
	{{"小明, 美玲, 秀英", "", "例"}, {"伟, 志强, 建国", "", "例"}},
	{{"Sinéad, Órlaith", "", "O'Sample"}, {"Seán, Éamon", "", "O’Sample"}},
	{{"Begoña, Lucía, María José", "", "Ejemplo Muestra"}, {"Íñigo, Ángel, Nuño", "", "Ejemplo Muestra"}},
	{{"Suharti, Wulandari, Ningsih", "", ""}, {"Sukartono, Widodoro, Bambang", "", ""}}, // they have one name
	{{"ਹਰਪ੍ਰੀਤ, ਸਿਮਰਨ", "ਕੌਰ", "ਨਮੂਨਾ"}, {"ਗੁਰਦੀਪ, ਜਸਵੰਤ", "ਸਿੰਘ", "ਨਮੂਨਾ"}},
	{{"Akosua, Abena, Afua", "", "Nhwɛso"}, {"Kwabena, Kofi, Yaw", "", "Nhwɛso"}},
	{{"Þóra, Guðrún, Ásdís", "", "Dæmisdóttir"}, {"Björgvin, Þorsteinn, Ólafur", "", "Dæmisson"}},
	{{"Светлана, Ольга, Любовь", "Петровна", "Примерова"}, {"Дмитрий, Фёдор, Андрей", "Петрович", "Примеров"}},
	{{"Angharad, Llinos, Eluned", "", "Enghraifft"}, {"Rhys, Llywelyn, Ieuan", "", "Enghraifft"}},
	{{"मीना, सुनीता, लक्ष्मी", "", "उदाहरण"}, {"राजेश, कृष्ण, सुरेश", "", "उदाहरण"}},
	{{"Inês, Conceição, Lívia", "", "Exemplo d'Amostra"}, {"João, Simão, Estêvão", "", "Exemplo d'Amostra"}},
	{{"Shanice, Precious, Marcia", "", "St. Example"}, {"Delroy, Winston, Leroy", "", "St. Example"}},
	{{"Ελένη, Χρυσάνθη, Άννα", "", "Παραδειγματοπούλου"}, {"Γιώργος, Σπύρος, Ηλίας", "", "Παραδειγματόπουλος"}},
	{{"Kayalvizhi, Meenakshi", "", "R"}, {"Murugan, Senthil", "", "R"}}, // an initial
	{{"Amélie, Françoise, Maëlle", "", "de l'Échantillon"}, {"Loïc, Jérôme, François", "", "d’Exemple"}},
	{{"Chidịmma, Ngọzi, Adaobi", "", "Ihe-Atụ"}, {"Chukwuemeka, Ọbịnna, Ikenna", "", "Ihe-Atụ"}},
	{{"רבקה, שושנה, מרים", "", "דוגמא"}, {"יצחק, אברהם, מנחם מנדל", "", "דוגמא"}},
	{{"Samina, Shagufta, Rukhsana", "", "Misaal"}, {"Waqas, Zeeshan, Muhammad Bilal", "", "Misaal"}},
	{{"서연, 지우", "", "예시"}, {"민준, 도윤", "", "예시"}},
	{{"Wilhelmina Alexandrina Bartholomea Constantia", "", "Featherstonehaugh-Cholmondeley-Sampleton-Specimenworthy"},
		{"Maximilian Bartholomew Peregrine Algernon", "", "Featherstonehaugh-Cholmondeley-Sampleton-Specimenworthy"}},
	{{"Eszter, Gyöngyi, Ildikó", "", "Minta"}, {"Győző, László, Ákos", "", "Minta"}},
	{{"نیلوفر, شیرین, پریسا", "", "نمونه"}, {"کوروش, بهرام, علی\u200cرضا", "", "نمونه"}},
	{{"Ștefania, Ioana, Mădălina", "", "Exemplu"}, {"Ștefan, Răzvan, Mihăiță", "", "Exemplu"}},
	{{"J, M", "", "Ö"}, {"J, T", "", "Ö"}},
	{{"Rūta, Živilė, Eglė", "", "Pavyzdytė"}, {"Žygimantas, Ąžuolas, Jonas", "", "Pavyzdys"}},
	{{"Berfîn, Rojîn, Zîlan", "", "Nimûne"}, {"Azad, Şêrko, Baran", "", "Nimûne"}},
	{{"さくら, ひかり", "", "例題"}, {"健太, 太郎", "", "例題"}},
	{{"Chiara, Letizia", "", "D'Esempio"}, {"Niccolò, Raffaele", "", "D'Esempio"}},
	{{"ሰላማዊት, ትዕግስት", "", "ምሳሌ"}, {"አበበ, ዳዊት", "", "ምሳሌ"}},
	{{"Zdeňka, Božena, Šárka", "", "Příkladová"}, {"Jiří, Ondřej, Vojtěch", "", "Příklad"}},
	{{"Shqipe, Blerina, Çeljeta", "", "Shembulli"}, {"Arbër, Besnik, Ylli", "", "Shembulli"}},
	{{"სოფიო, ნინო", "", "ნიმუშაძე"}, {"ვახტანგ, გიორგი", "", "ნიმუშაძე"}},
	{{"Käthe, Gisela", "", "Musterfrau"}, {"Jürgen, Günther", "", "Mustermann"}},
	{{"Neema, Zawadi", "", "Mfano"}, {"Baraka, Juma", "", "Mfano"}},
	{{"สมหญิง, มาลี", "", "ตัวอย่าง"}, {"สมชาย, สมศักดิ์", "", "ตัวอย่าง"}},
	{{"Mairead, Eilidh, Catrìona", "", "NicEisimpleir"}, {"Ruaridh, Alasdair, Fionnlagh", "", "MacEisimpleir"}},
	{{"Åse, Bjørg", "", "Eksempelsen"}, {"Søren, Øystein", "", "Eksempelsen"}},
	{{"કોકિલા, હંસા", "", "નમૂનો"}, {"જયેશ, ભરત", "", "નમૂનો"}},
	{{"Mere, Kahurangi", "", "Tauira"}, {"Tāne, Wiremu", "", "Tauira"}},
	{{"Անահիտ, Սիրանուշ", "", "Օրինակյան"}, {"Արամ, Տիգրան", "", "Օրինակյան"}},
}

// ages are how long ago, in calendar years, the people of an age group were born who are in it
// all year, before their birthday and after it.
var ages = map[string][2]int{
	"underSixteen": {1, 15}, "sixteenToSeventeen": {17, 17}, "eighteenToTwentyFour": {19, 24}, "twentyFiveToThirtyFour": {26, 34},
	"thirtyFiveToFortyFour": {36, 44}, "fortyFiveToFiftyFour": {46, 54}, "fiftyFiveToSixtyFour": {56, 64},
	"sixtyFiveToEightyFour": {66, 84}, "eightyFiveAndPlus": {86, 103}, refdata.PreferNotToSay: {19, 84},
}

// one returns one of a list of names.
func (d *demo) one(names string) string {
	list := strings.Split(names, ", ")
	return list[d.names.IntN(len(list))]
}

func (d *demo) seldom(percent int) bool { return d.names.IntN(100) < percent }

// entry makes the entry of a person in the directory, whose age is that of the record all year.
func (d *demo) entry(r equality.Record, n naming) directory.Person {
	own, titles := n[0], "Ms, Ms, Mrs, Miss, Dr, Cllr"
	if r.Gender.Value == "m" || r.Gender.Value != "f" && d.seldom(50) {
		own, titles = n[1], "Mr, Mr, Mr, Dr, Rev"
	}
	p := directory.Person{ID: r.TargetID, FirstName: d.one(own.first), MiddleName: d.one(own.middle), Surname: own.surname}
	if own.middle == "" && d.seldom(20) {
		p.MiddleName = d.one(own.first)
	}
	if d.seldom(80) && r.AgeGroup != "underSixteen" {
		p.Title = d.one(titles)
	}
	if d.seldom(10) {
		p.PreferredFirstName, p.PreferredTitle = d.one(n[0].first+", "+n[1].first), "Mx"
	}
	if d.seldom(5) {
		p.PreferredSurname = d.one("Specimen, Beispiel-Jones, van den Voorbeeld")
	}
	years := ages[r.AgeGroup]
	age := years[0] + d.names.IntN(years[1]-years[0]+1)
	p.DateOfBirth = d.day(age)
	if age > 65 && d.seldom(10) {
		p.DateOfDeath = d.day(1)
	}
	return p
}

// day is a day in the year that was so many years ago.
func (d *demo) day(years int) equality.Date {
	return equality.NewDate(d.year-years, time.Month(1+d.names.IntN(12)), 1+d.names.IntN(28))
}
